"""What each series did in a whole range, against counting by hand."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from telemetryd.model.series import SeriesKey
from telemetryd.reports.questions import Questions
from telemetryd.reports.totals import ENOUGH, SeriesTotals, Totals
from tests.oracle.events import change, life, start
from tests.oracle.history import history_of
from tests.query.histories import END, random_history

from .conftest import HOUR, START, EngineOf, Tell

ADD, PIN = SeriesKey("add", "ipfs"), SeriesKey("pin", "s3")


def series(key: SeriesKey = ADD, **values: float) -> SeriesTotals:
    return SeriesTotals(key, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(4))
async def test_totals_are_what_one_counts(engine_of: EngineOf, seed: int) -> None:
    """Of a history with repeats, contradictions and orphans: every count, and every latency."""
    events = [dict(event) for event in random_history(seed)]
    begin, end = END - 3 * HOUR, END - 600
    history = history_of(sorted(events, key=lambda event: float(event["timestamp"])))
    asked = Questions.about(begin, end, 60)
    totals = Totals.of(await engine_of(events, END).metrics(asked.totals()))
    entries = Counter((entry.series, entry.status) for entry in history.entries if begin <= entry.time < end)
    found = {
        (each.key, status): count
        for each in totals.series
        for status, count in (
            ("pending", each.started),
            ("retrying", each.retries),
            ("completed", each.completed),
            ("failed", each.failed),
        )
        if count
    }
    assert found == {key: count for key, count in entries.items() if key[1] != "processing"}
    assert totals.ended == sum(count for (_, status), count in entries.items() if status in ("completed", "failed"))
    for each in totals.series:
        latencies = [
            one.latency
            for one in history.ends
            if one.series == each.key and begin <= one.time < end and one.latency is not None
        ]
        assert each.latencies == len(latencies)
        if latencies:
            assert (each.sum, each.max) == (pytest.approx(sum(latencies)), max(latencies))
            assert each.percentile_95 == pytest.approx(np.percentile(latencies, 95), rel=0.011)
    assert totals.seconds == end - begin


async def test_backends_add_up_their_series(tell: Tell) -> None:
    """Counts and sums do; the mean is that of the operations, the largest the largest."""
    facts = await tell(
        [
            *life("a", START + 1, 1.0),
            *life("b", START + 2, 4.0, operation_type="pin"),
            *life("c", START + 3, 4.0, "failed", operation_type="pin"),
            *life("d", START + 4, 9.0, backend="s3"),
        ]
    )
    ipfs, s3 = facts.totals.backends()
    assert (ipfs.backend, ipfs.ended, ipfs.failed, ipfs.mean, ipfs.max) == ("ipfs", 3, 1, 3.0, 4.0)
    assert (ipfs.success_rate, s3.mean) == (pytest.approx(2 / 3), 9.0)


async def test_only_the_part_of_the_range_that_is_over_counts(tell: Tell) -> None:
    """A minute into the hour the throughput is that of the minute."""
    facts = await tell(life("a", START + 1), now=START + 60)
    assert (facts.totals.seconds, facts.totals.throughput) == (60.0, 1.0)
    future = await tell([start("a", START + 1)], now=START + 2, start=START + HOUR, end=START + 2 * HOUR)
    assert (future.totals.seconds, future.totals.throughput) == (0.0, None)


async def test_what_has_not_ended_has_no_rate(tell: Tell) -> None:
    """None is no number, and not 0 or 1."""
    facts = await tell([start("a", START + 1), change("a", "retrying", START + 2)])
    (only,) = facts.totals.series
    assert (only.success_rate, only.error_rate, facts.totals.success_rate) == (None, None, None)
    assert (only.percentile_95, facts.totals.retries, facts.totals.is_empty) == (None, 1, False)
    assert facts.totals.timed() == []


def test_a_series_with_few_operations_is_not_the_slowest() -> None:
    """A p95 of three operations is that of one; where there are no others it has to do."""
    few = series(PIN, latencies=3, percentile_95=99.0)
    many = series(ADD, latencies=ENOUGH, percentile_95=1.0)
    assert Totals((few, many), 60).timed() == [many]
    assert Totals((few,), 60).timed() == [few]


def test_a_series_that_did_nothing_is_one_of_zeros() -> None:
    """Whoever compares need not ask whether it was there."""
    totals = Totals((series(completed=2),), 60)
    assert totals.get(PIN).ended == 0
    assert totals.get(ADD).ended == 2
    assert totals.most(lambda each: each.failed) is None
    assert totals.most(lambda each: each.completed) == series(completed=2)
    assert Totals((), 60).most(lambda each: each.failed) is None
    assert Totals((), 60).is_empty


def test_series_and_backends_are_looked_for_once() -> None:
    """Not each time through all of them: reports ask for every series."""

    class Key(SeriesKey):
        compared = 0

        def __eq__(self, other: object) -> bool:
            Key.compared += 1
            return super().__eq__(other)

        __hash__ = SeriesKey.__hash__

    keys = [Key(f"type-{number}", f"backend-{number % 7}") for number in range(500)]
    totals = Totals(tuple(series(key, started=1) for key in keys), 60.0)
    for key in keys:
        assert totals.get(SeriesKey(*key)).key is key
    assert Key.compared < 3 * len(keys)
    assert totals.backends() is totals.backends()
    assert [each.started for each in totals.backends()] == [72, 72, 72, 71, 71, 71, 71]
    assert totals.get(SeriesKey("none", "none")) == SeriesTotals(SeriesKey("none", "none"))
