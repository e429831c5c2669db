"""Answers of the API beside those of the oracle, number by number."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

EXACT = 1e-9
# What the contract promises of percentiles.
PERCENTILE = 0.011
# A gauge that reaches until now is as exact as two looks at the clock are close.
NOW = 1e-4
_PERCENTILES = ("median", "percentile_95", "percentile_99")
_GAUGES = ("queue_size", "backend_health")


def differences(expected: dict[str, Any], found: dict[str, Any], *, until_now: bool) -> list[str]:
    """Return one sentence for each difference between two answers; empty where they agree.

    A statistic that is null is one that is absent. ``until_now``: the range ends now, so gauges depend
    on the instant of the look.
    """
    facts = [
        f"{name}: expected {expected[name]}, found {found.get(name)}"
        for name in ("start_time", "end_time", "interval")
        if found.get(name) != expected[name]
    ]
    if facts:
        return facts
    sentences: list[str] = []
    metrics = {name: metric for name, metric in found["metrics"].items() if metric}
    for metric in sorted(expected["metrics"].keys() | metrics.keys()):
        gauge = NOW if until_now and metric in _GAUGES else EXACT
        by_percentile = metric == "operation_latency" and str(found.get("aggregation")).startswith("percentile")
        told = {"value": PERCENTILE} if by_percentile else {}
        told |= dict.fromkeys(_PERCENTILES, PERCENTILE)
        sentences += _compare(metric, expected["metrics"].get(metric), metrics.get(metric), told, gauge)
    return sentences


def _compare(path: str, expected: Any, found: Any, tolerances: dict[str, float], tolerance: float) -> Iterator[str]:
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in sorted(expected.keys() | found.keys()):
            closeness = tolerances.get(key, tolerance)
            yield from _compare(f"{path}.{key}", expected.get(key), found.get(key), tolerances, closeness)
    elif isinstance(expected, list) and isinstance(found, list):
        theirs, ours = ({sample["timestamp"]: sample for sample in samples} for samples in (found, expected))
        if [sample["timestamp"] for sample in found] != sorted(theirs):
            yield f"{path}: expected one sample an interval, oldest first"
        for timestamp in sorted(ours.keys() | theirs.keys()):
            ours_then, theirs_then = ours.get(timestamp), theirs.get(timestamp)
            # Most samples are the same to the last digit.
            if ours_then != theirs_then:
                yield from _compare(f"{path}[{timestamp}]", ours_then, theirs_then, tolerances, tolerance)
    elif isinstance(expected, int | float) and isinstance(found, int | float):
        if not math.isclose(expected, found, rel_tol=tolerance, abs_tol=EXACT):
            yield f"{path}: expected {expected!r}, found {found!r}"
    elif expected != found:
        yield f"{path}: expected {expected!r}, found {found!r}"
