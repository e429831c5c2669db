"""The realtime answer: what ended inside the window, and what is in flight now."""

from __future__ import annotations

from typing import Any

import numpy as np

from telemetryd.model.events import COMPLETED, FAILED, IN_FLIGHT_STATUSES, STATUSES
from telemetryd.rollup.cells import OperationCells
from telemetryd.rollup.histogram import quantiles

from .tracker import Tracker
from .window import Window

_QUANTILES = {"median": 0.5, "percentile_95": 0.95, "percentile_99": 0.99}


def realtime(tracker: Tracker, window: Window, now: float, seconds: float) -> dict[str, Any]:
    """Return latency (s), rates (0 to 1), throughput (per minute) and counts by status, each by ``type:backend``.

    A series is named where it has an operation in flight or one that ended in the window;
    it has a latency where at least one of those ended with a known start.
    """
    found = window.cells(now, seconds)
    # An end that was taken back may have been entered before the window was: that leaves less than nothing.
    ends = {
        series: (max(0, completed), max(0, failed), row)
        for row, (series, completed, failed) in enumerate(
            zip(*(each.tolist() for each in (found.series, *found.entries.T[[COMPLETED, FAILED]])), strict=True)
        )
        if completed + failed > 0
    }
    timed = latencies(found)
    latency: dict[str, Any] = {}
    success: dict[str, float] = {}
    error: dict[str, float] = {}
    throughput: dict[str, float] = {"overall": 0.0}
    distribution: dict[str, dict[str, int]] = {}
    for series, key in enumerate(tracker.series.keys):
        name = str(key)
        counts = tracker.in_flight[series]
        if series not in ends and not any(counts):
            continue
        statuses = distribution[name] = dict.fromkeys(STATUSES, 0)
        statuses.update(zip(IN_FLIGHT_STATUSES, counts, strict=True))
        if series not in ends:
            continue
        completed, failed, row = ends[series]
        statuses[STATUSES[COMPLETED]], statuses[STATUSES[FAILED]] = completed, failed
        ended = completed + failed
        success[name], error[name] = completed / ended, failed / ended
        throughput[name] = ended * 60 / seconds
        throughput["overall"] += throughput[name]
        if timed["count"][row] > 0:
            latency[name] = {key: values[row] for key, values in timed.items()}
    return {
        "window": seconds,
        "latency": latency,
        "operation_latency": latency,
        "success_rate": success,
        "error_rate": error,
        "throughput": throughput,
        "status_distribution": distribution,
    }


def latencies(found: OperationCells) -> dict[str, list[Any]]:
    """Return columns of latencies (s), by the rows of ``found``."""
    histograms = found.offset, found.bucket, found.bucket_count, found.minimum, found.maximum, found.count
    with np.errstate(invalid="ignore", divide="ignore"):
        columns = {"mean": found.sum / found.count}
    columns |= {name: quantiles(*histograms, q) for name, q in _QUANTILES.items()}
    columns |= {"min": found.minimum, "max": found.maximum, "count": found.count}
    order = ("mean", "median", "min", "max", "percentile_95", "percentile_99", "count")
    return {name: columns[name].tolist() for name in order}
