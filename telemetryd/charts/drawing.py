"""What is to be drawn: one chart as plain values, which the daemon sends to the process that draws."""

from __future__ import annotations

import time
from types import MappingProxyType

import msgspec
import numpy as np

from telemetryd.model.events import STATUSES
from telemetryd.model.series import SeriesKey
from telemetryd.query.request import MetricsRequest
from telemetryd.query.result import MetricTable, Result

# Content types by the word of ``format``.
FORMATS = MappingProxyType(
    {
        "png": "image/png",
        "svg": "image/svg+xml",
        "html": "text/html",
        "json": "application/json",
    }
)
THEMES = ("light", "dark")
# Pixels an inch, and how many inches a side may have.
DPI = 100
SMALLEST, LARGEST = 1, 40
# Text that is drawn of what a user chose is never longer.
LONGEST_NAME = 80

# The statistics that a chart of a metric shows, by metric; the others stay where they are.
SHOWN = MappingProxyType(
    {
        "operation_count": STATUSES,
        "operation_latency": ("count", "median", "percentile_95"),
        "success_rate": ("value", "count"),
        "error_rate": ("value", "count"),
        "backend_health": ("mean", "min", "max", "last"),
        "throughput": ("value", "count"),
        "queue_size": ("mean", "max", "last"),
        "retry_count": ("count",),
    }
)


class Look(msgspec.Struct, frozen=True):
    """How a chart is to look: its size in pixels, and ``light`` or ``dark``.

    ``fixed``: as a page it keeps its theme, whatever its reader's system has.
    """

    width: int = 12 * DPI
    height: int = 8 * DPI
    theme: str = "light"
    fixed: bool = False


class Drawing(msgspec.Struct, frozen=True):
    """One chart: the metric, what was asked for, and the samples, as columns.

    ``start`` and ``end`` (Unix s, half open) are the range, ``interval`` (s) the width of a sample,
    ``now`` (Unix s) up to when anything is known. ``keys`` are the series, (operation type, backend)
    or (backend,); ``series`` holds int32 codes into them, ``timestamp`` int64 Unix seconds, and each
    of ``statistics`` float64 values (NaN: absent), one for each sample, series after series, each
    oldest first. ``zone`` and ``utc_offset`` (s) are the node's local time at ``end``.
    """

    metric_type: str
    operation_type: str | None
    backend: str | None
    status: str | None
    start: int
    end: int
    interval: int
    now: float
    keys: tuple[tuple[str, ...], ...]
    series: bytes
    timestamp: bytes
    statistics: dict[str, bytes]
    look: Look
    zone: str
    utc_offset: int

    @classmethod
    def of(cls, request: MetricsRequest, result: Result, metric_type: str, look: Look) -> Drawing:
        """Return the chart of one metric of a result."""
        table = result.metrics[metric_type]
        # A table may know of series that have no sample here.
        used, series = np.unique(table.series, return_inverse=True)
        keys = [table.keys[code] for code in used.tolist()]
        local = time.localtime(result.end)
        return cls(
            metric_type=metric_type,
            operation_type=request.filters.operation_type,
            backend=request.filters.backend,
            status=request.filters.status,
            start=result.start,
            end=result.end,
            interval=result.interval,
            now=result.now,
            keys=tuple(tuple(key) if isinstance(key, SeriesKey) else (key,) for key in keys),
            series=series.astype(np.int32).tobytes(),
            timestamp=table.timestamp.astype(np.int64).tobytes(),
            statistics=_statistics(metric_type, table),
            look=look,
            zone=local.tm_zone,
            utc_offset=local.tm_gmtoff,
        )


def _statistics(metric_type: str, table: MetricTable) -> dict[str, bytes]:
    shown = (name for name in SHOWN[metric_type] if name in table.statistics)
    return {name: table.statistics[name].astype(np.float64).tobytes() for name in shown}
