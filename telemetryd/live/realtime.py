"""The realtime answer: what ended inside the window, and what is in flight now."""

from __future__ import annotations

from typing import Any

import numpy as np

from telemetryd.model.events import COMPLETED, FAILED, IN_FLIGHT_STATUSES, STATUSES
from telemetryd.rollup.histogram import quantiles

from .tracker import Tracker
from .window import Tally, Window


def realtime(tracker: Tracker, window: Window, now: float, seconds: float) -> dict[str, Any]:
    """Return latency (s), rates (0 to 1), throughput (per minute) and counts by status, each by ``type:backend``.

    A series is named where it has an operation in flight or one that ended in the window;
    it has a latency where at least one of those ended with a known start.
    """
    # An end that was taken back may have been entered before the window was: that leaves less than nothing.
    found = window.tallies(now, seconds).items()
    tallies = {series: tally for series, tally in found if tally.completed + tally.failed > 0}
    latency: dict[str, Any] = {}
    success: dict[str, float] = {}
    error: dict[str, float] = {}
    throughput: dict[str, float] = {"overall": 0.0}
    distribution: dict[str, dict[str, int]] = {}
    for series, key in enumerate(tracker.series.keys):
        name = str(key)
        counts = tracker.in_flight[series]
        tally = tallies.get(series)
        if tally is None and not any(counts):
            continue
        statuses = distribution[name] = dict.fromkeys(STATUSES, 0)
        statuses.update(zip(IN_FLIGHT_STATUSES, counts, strict=True))
        if tally is None:
            continue
        completed, failed = max(0, tally.completed), max(0, tally.failed)
        statuses[STATUSES[COMPLETED]], statuses[STATUSES[FAILED]] = completed, failed
        ended = completed + failed
        success[name], error[name] = completed / ended, failed / ended
        throughput[name] = ended * 60 / seconds
        throughput["overall"] += throughput[name]
        if tally.count > 0:
            latency[name] = _latency(tally)
    return {
        "window": seconds,
        "latency": latency,
        "operation_latency": latency,
        "success_rate": success,
        "error_rate": error,
        "throughput": throughput,
        "status_distribution": distribution,
    }


def _latency(tally: Tally) -> dict[str, float | int]:
    buckets = sorted(tally.buckets.items())
    median, percentile_95, percentile_99 = (
        float(
            quantiles(
                np.array([0, len(buckets)], np.int64),
                np.array([bucket for bucket, _ in buckets], np.int32),
                np.array([count for _, count in buckets], np.int64),
                np.array([tally.minimum]),
                np.array([tally.maximum]),
                np.array([tally.count], np.int64),
                q,
            )[0]
        )
        for q in (0.5, 0.95, 0.99)
    )
    return {
        "mean": tally.sum / tally.count,
        "median": median,
        "min": tally.minimum,
        "max": tally.maximum,
        "percentile_95": percentile_95,
        "percentile_99": percentile_99,
        "count": tally.count,
    }
