"""The requests that a differential test makes: every metric, aggregation, filter, interval and shape of range."""

from __future__ import annotations

from itertools import product
from random import Random
from typing import Any

from tests.oracle.model import METRIC_TYPES, Request

AGGREGATIONS = (
    None,
    "sum",
    "average",
    "minimum",
    "maximum",
    "percentile_95",
    "percentile_99",
    "count",
    "rate",
)
FILTERS: tuple[dict[str, Any], ...] = (
    {},
    {"operation_type": "add"},
    {"backend": "s3"},
    {"operation_type": "pin", "backend": "ipfs"},
    {"status": "pending"},
    {"status": "processing"},
    {"status": "retrying", "backend": "storacha"},
    {"status": "completed"},
    {"status": "failed", "operation_type": "get"},
    {"operation_type": "unknown"},
    {"backend": "filecoin"},
    {"operation_type": "never seen"},
)
# Widths that divide the hour or the day, and some that do not.
INTERVALS = (None, 60, 120, 300, 420, 900, 1500, 3600, 7200, 18_000, 86_400, 172_800)


def every_aggregation_and_filter(begin: int, end: int, random: Random) -> list[Request]:
    """All metrics at once for each pair of an aggregation and a filter, over all of ``begin`` to ``end``."""
    return [
        Request(
            aggregation=aggregation, start_time=begin, end_time=end, interval=random.choice((300, 600, 1800)), **filters
        )
        for aggregation, filters in product(AGGREGATIONS, FILTERS)
    ]


def every_metric(begin: int, end: int) -> list[Request]:
    """Each metric alone, in the interval that the daemon chooses."""
    return [Request(metric_type=metric, start_time=begin, end_time=end) for metric in METRIC_TYPES]


def every_shape(begin: int, end: int, random: Random, count: int, shortest: int = 60) -> list[Request]:
    """Ranges of all shapes with random intervals, from ``shortest`` (s) on, aggregations and filters."""
    intervals = [interval for interval in INTERVALS if interval is None or interval >= shortest]
    middle = (begin + end) // 2
    ranges: list[dict[str, Any]] = [
        {},
        {"start_time": begin},
        {"start_time": middle + 1234.5},
        {"end_time": end},
        {"start_time": begin + 600, "end_time": middle},
        {"start_time": begin + 1234.567, "end_time": end - 777.7},
        {"start_time": middle + 61.5, "end_time": middle + 61.75},
        {"start_time": middle // 3600 * 3600, "end_time": middle // 3600 * 3600 + 3600},
        {"start_time": begin - 7200, "end_time": begin - 3600},
        {"start_time": begin - 5 * 86_400, "end_time": end},
    ]
    return [
        Request(
            aggregation=random.choice(AGGREGATIONS),
            interval=random.choice(intervals),
            **ranges[number % len(ranges)],
            **(random.choice(FILTERS) if random.random() < 0.7 else {}),
        )
        for number in range(count)
    ]
