"""All series of a metric added up, sample by sample."""

from __future__ import annotations

import itertools
from bisect import bisect_right

import numpy as np
import pytest

from telemetryd.model.timerange import TimeRange
from telemetryd.reports.curves import Curve, known_since, queue_curve, throughput_curve
from telemetryd.reports.questions import Questions
from tests.oracle.events import change, life, start
from tests.oracle.history import history_of
from tests.query.histories import END, random_history

from .conftest import HOUR, START, EngineOf


def curve(*values: float, gap: int | None = None) -> Curve:
    begin = np.arange(len(values)) * 60
    if gap is not None:
        begin[gap:] += 60
    return Curve(begin, begin + 60, np.array(values, np.float64))


@pytest.mark.parametrize("seed", range(3))
async def test_the_queue_is_the_mean_of_all_that_is_in_flight(engine_of: EngineOf, seed: int) -> None:
    """Over each interval, by adding up how long each operation was in flight inside."""
    events = sorted((dict(event) for event in random_history(seed)), key=lambda event: float(event["timestamp"]))
    begin, end = END - 2 * HOUR, END - HOUR
    found = queue_curve(await engine_of(events, END).metrics(Questions.about(begin, end, 60).samples()))
    moves = sorted(move for moves in history_of(events).moves.values() for move in map(_step, moves))
    times = [time for time, _ in moves]
    sizes = np.concatenate([[0], np.cumsum([step for _, step in moves])])
    for start_of, until, value in zip(found.begin.tolist(), found.end.tolist(), found.value.tolist(), strict=True):
        edges = [start_of, *(time for time in times if start_of < time < until), until]
        inside = sum(sizes[bisect_right(times, low)] * (high - low) for low, high in itertools.pairwise(edges))
        assert value == pytest.approx(inside / (until - start_of))


def _step(move: tuple[float, str | None, str | None]) -> tuple[float, int]:
    time, left, entered = move
    return time, (entered is not None) - (left is not None)


async def test_throughput_is_of_all_series_a_minute(engine_of: EngineOf) -> None:
    """In each interval in which anything ended; one that is not over is scaled by what is."""
    events = [*life("a", START + 10, 1.0), *life("b", START + 20, 1.0, backend="s3"), *life("c", START + 61, 1.0)]
    asked = Questions.about(START, START + HOUR, 60)
    found = throughput_curve(await engine_of(events, START + 90).metrics(asked.samples()))
    assert (found.begin.tolist(), found.value.tolist()) == ([START, START + 60], [2.0, 2.0])
    assert found.end.tolist() == [START + 60, START + 90]


async def test_records_begin_with_the_first_event(engine_of: EngineOf) -> None:
    """In the interval that holds it; where nothing is known they do not begin."""
    asked = Questions.about(START, START + HOUR, 60).samples()
    late = [start("a", START + 600), change("a", "completed", START + 601)]
    assert known_since(await engine_of(late).metrics(asked)) == START + 600
    early = [start("a", START - 600), change("a", "completed", START + 601)]
    assert known_since(await engine_of(early).metrics(asked)) == START
    assert known_since(await engine_of([]).metrics(asked)) is None


def test_a_curve_knows_its_peak_and_what_is_usual() -> None:
    """The first of equal peaks, and the median."""
    found = curve(1.0, 9.0, 2.0, 9.0)
    assert found.peak is not None
    assert (found.peak.start, found.peak.end, found.peak.value) == (60.0, 120.0, 9.0)
    assert (found.usual, found.last) == (5.5, 9.0)


async def test_an_interval_that_has_just_begun_is_no_peak(engine_of: EngineOf) -> None:
    """Neither of throughput nor of the queue, unless there is no other."""
    just = [*life("b", START + 60.5, 0.4), start("c", START + 60.1)]
    once = [*life("a", START + 10, 1.0), *just]
    asked = Questions.about(START, START + HOUR, 60).samples()
    result = await engine_of(once, START + 61).metrics(asked)
    ended, queue = throughput_curve(result), queue_curve(result)
    assert ended.value.tolist() == [1.0, 60.0] and queue.value[1] > 1 > queue.value[0]
    assert ended.peak is not None and (ended.peak.start, ended.peak.value) == (START, 1.0)
    assert queue.peak is not None and queue.peak.start == START
    assert queue.last == queue.value[1]
    alone = throughput_curve(await engine_of(just, START + 61).metrics(asked))
    assert alone.peak is not None and alone.peak.value == 60.0


def test_the_time_around_a_peak_is_without_a_break() -> None:
    """As far as the values are at least so high, and no gap is between."""
    assert curve(5.0, 4.0, 9.0, 5.0, 1.0, 9.0).around_peak(4.5) == TimeRange(120, 240)
    assert curve(5.0, 6.0, 9.0, 5.0, 1.0).around_peak(4.5) == TimeRange(0, 240)
    assert curve(5.0, 6.0, 9.0, 5.0, gap=2).around_peak(4.5) == TimeRange(180, 300)


def test_a_curve_of_nothing() -> None:
    """It has no peak, and nothing is usual."""
    empty = Curve(np.empty(0), np.empty(0), np.empty(0))
    assert (empty.peak, empty.usual, empty.last, empty.around_peak(1.0)) == (None, None, None, None)
