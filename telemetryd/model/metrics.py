"""The eight metrics and the eight aggregations, by name."""

from __future__ import annotations

from typing import Final

METRIC_TYPES: Final = (
    "operation_count",
    "operation_latency",
    "success_rate",
    "error_rate",
    "backend_health",
    "throughput",
    "queue_size",
    "retry_count",
)

AGGREGATIONS: Final = (
    "sum",
    "average",
    "minimum",
    "maximum",
    "percentile_95",
    "percentile_99",
    "count",
    "rate",
)
