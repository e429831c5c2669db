"""The names of metrics and aggregations are those of the seed."""

from __future__ import annotations

from telemetryd.model.metrics import AGGREGATIONS, METRIC_TYPES


def test_there_are_eight_metrics_and_eight_aggregations() -> None:
    """Each named once."""
    assert len(set(METRIC_TYPES)) == len(METRIC_TYPES) == 8
    assert len(set(AGGREGATIONS)) == len(AGGREGATIONS) == 8


def test_the_names_are_the_seeds() -> None:
    """A client's words go on to work."""
    assert set(METRIC_TYPES) == {
        "operation_count",
        "operation_latency",
        "success_rate",
        "error_rate",
        "backend_health",
        "throughput",
        "queue_size",
        "retry_count",
    }
    assert set(AGGREGATIONS) == {
        "sum",
        "average",
        "minimum",
        "maximum",
        "percentile_95",
        "percentile_99",
        "count",
        "rate",
    }
