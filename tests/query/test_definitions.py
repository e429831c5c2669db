"""Each metric's samples, beside the oracle's."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from telemetryd.model.events import STATUSES
from telemetryd.model.metrics import METRIC_TYPES
from telemetryd.model.series import SeriesKey
from telemetryd.model.timerange import TimeRange
from telemetryd.query.definitions import DEFINITIONS
from telemetryd.query.gathered import Gathered
from telemetryd.query.grid import grid
from telemetryd.query.request import Filters
from telemetryd.query.result import MetricTable, Result
from telemetryd.rollup.build import build
from tests.end_to_end.comparing import differences
from tests.oracle.model import Model, Request

from .histories import END, HOUR, SMALL, random_history
from .rows import Event, columns_of
from .telling import samples, told


def table_of(metric: str, events: list[Event], interval: int, end: int, status: str | None = None) -> MetricTable:
    """Return the samples of a history that is wholly inside the range, which begins with ``HOUR``."""
    rows = build(columns_of(events), 60)
    seen = Model(events).history.first_seen
    backends = tuple(sorted(rows.backends))
    data = Gathered(
        rows=rows,
        keys=tuple(SeriesKey(*key) for key in sorted(seen)),
        in_flight=np.zeros((len(seen), 3), np.int64),
        first_seen=np.array([seen[key] for key in sorted(seen)]),
        backends=backends,
        health=np.full(len(backends), math.nan),
        horizon=float(end),
        detailed=rows,
    )
    return DEFINITIONS[metric].samples(data, grid(TimeRange(HOUR, end), interval), Filters(status=status))


def small(metric: str, status: str | None = None, interval: int = 60) -> dict[str, Any]:
    """Return the samples of the small history by the words of their key."""
    return {str(key): each for key, each in samples(table_of(metric, SMALL, interval, HOUR + 300, status)).items()}


@pytest.mark.parametrize("metric", METRIC_TYPES)
@pytest.mark.parametrize("status", [None, *STATUSES])
@pytest.mark.parametrize("interval", [60, 420, 3600])
def test_samples_are_those_of_the_oracle(metric: str, status: str | None, interval: int) -> None:
    """Four random hours give, for every status, what brute force gives."""
    events = random_history(1)
    table = table_of(metric, events, interval, END, status)
    request = Request(metric_type=metric, status=status, start_time=HOUR, end_time=END, interval=interval)
    expected = Model(events).answer(request, END)
    found = told(Result(HOUR, END, interval, {metric: table}, END))
    assert differences(expected, found, until_now=False) == []


@pytest.mark.parametrize("metric", METRIC_TYPES)
@pytest.mark.parametrize("status", [None, "pending", "failed"])
def test_a_range_without_events_gives_a_table_without_samples(metric: str, status: str | None) -> None:
    """There is a table with the metric's columns, and nothing in it."""
    columns = set(table_of(metric, SMALL, 60, HOUR + 300, status).statistics)
    table = table_of(metric, [], 60, HOUR + 300, status)
    assert len(table) == 0
    assert set(table.statistics) == columns


def test_counts_are_entries_by_status() -> None:
    """`count` is how many became pending, or entered the status asked for; `by_status` then names it alone."""
    first, second, fourth = small("operation_count")["add:ipfs"]
    assert (first["timestamp"], first["count"]) == (HOUR, 2)
    assert first["by_status"] == {"pending": 2, "processing": 1, "retrying": 0, "completed": 1, "failed": 0}
    assert (second["count"], second["by_status"]["failed"], fourth["timestamp"]) == (0, 1, HOUR + 180)
    assert small("operation_count", "retrying") == {
        "pin:s3": [{"timestamp": HOUR, "count": 1, "by_status": {"retrying": 1}}]
    }


def test_rates_are_of_what_ended() -> None:
    """Whatever status is asked for, one of two ended operations failed."""
    for status in (None, "completed", "retrying"):
        (sample,) = small("error_rate", status, 120)["add:ipfs"][:1]
        assert sample == {"timestamp": HOUR, "value": 0.5, "count": 2}


def test_one_order_of_series_in_every_table() -> None:
    """Series come by name and their samples by time."""
    for metric in METRIC_TYPES:
        table = table_of(metric, random_history(2), 600, END)
        told = [(str(table.keys[code]), at) for code, at in zip(table.series, table.timestamp, strict=True)]
        assert told == sorted(told)
        assert len(told) == len(set(told)) > 0
