"""Days, hours and intervals: from whichever tiers an answer is put together, it is the one that brute force gives."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import cache, partial
from typing import Any

import numpy as np
import pytest

from telemetryd.model.metrics import AGGREGATIONS
from telemetryd.model.timerange import DAY
from telemetryd.query.engine import QueryEngine
from telemetryd.query.reader import Reader
from telemetryd.query.request import MetricsRequest
from telemetryd.storage.folder import Folder
from telemetryd.storage.part import read_carry
from tests.end_to_end.comparing import differences
from tests.oracle.model import Model, Request

from .histories import EVENING, MORNING, days_of_history
from .rows import Event
from .store import Store, Unsynced
from .telling import told

Way = Callable[[Store], None]
StoredBy = Callable[[Way], Store]
NOW = MORNING + 90.0
MIDNIGHT = EVENING + 4 * 3600
HOUR = 3600
# Rows that come after all the others, about.
LATE = 80


def in_days(store: Store) -> None:
    """Everything that is over is in days, the rest in hours and parts."""
    store.seal(np.arange(len(store.rows)))
    store.compact(MORNING - 2 * HOUR)
    store.summarise(MORNING)


def in_days_but_for_late_rows_in_memory(store: Store) -> None:
    late = np.arange(len(store.rows)) >= len(store.rows) - LATE
    store.seal(np.flatnonzero(~late))
    store.compact(MORNING)
    store.summarise(MORNING)
    store.hold(np.flatnonzero(late))


def in_days_but_for_late_parts(store: Store) -> None:
    """Late rows are sealed; some hours were compacted since, and none of the days was made anew."""
    late = np.arange(len(store.rows)) >= len(store.rows) - LATE
    store.seal(np.flatnonzero(~late))
    store.compact(MORNING)
    store.summarise(MORNING)
    store.seal(np.flatnonzero(late))
    store.compact(MIDNIGHT + DAY // 2)


def in_days_made_anew(store: Store) -> None:
    in_days_but_for_late_parts(store)
    store.compact(MORNING)
    store.summarise(MORNING)


def in_days_of_changing_intervals(store: Store) -> None:
    """Sampled at a minute, at 45 s, at 20 minutes (which fit into no half hour), and at an hour."""
    for number, (interval, end) in enumerate(
        ((60, MIDNIGHT + 5 * HOUR), (45, MIDNIGHT + 30 * HOUR), (1200, MIDNIGHT + 40 * HOUR), (3600, MORNING))
    ):
        begin = (EVENING, MIDNIGHT + 5 * HOUR, MIDNIGHT + 30 * HOUR, MIDNIGHT + 40 * HOUR)[number]
        inside = (store.rows.timestamp >= begin * 1e6) & (store.rows.timestamp < end * 1e6)
        store.seal(np.flatnonzero(inside), interval)
        store.compact(end, interval)
    store.summarise(MORNING)


def in_days_without_details(store: Store) -> None:
    store.seal(np.arange(len(store.rows)), detailed=False)
    store.compact(MORNING)
    store.summarise(MORNING)


WAYS = [
    in_days,
    in_days_but_for_late_rows_in_memory,
    in_days_but_for_late_parts,
    in_days_made_anew,
    in_days_of_changing_intervals,
    in_days_without_details,
]
SPANS = [
    # Whole days, half hours, edges of every kind, and one that ends now.
    (MIDNIGHT, MIDNIGHT + 2 * DAY),
    (EVENING + 1800, MORNING - 1800),
    (MIDNIGHT - 5 * 3600 - 720, MIDNIGHT + DAY + 10 * HOUR + 3540),
    (MIDNIGHT + HOUR, MORNING + 120),
]
# Divisors of the hour and of the day, and widths that are neither.
INTERVALS = [900, 1800, 2400, 3600, 7 * 3600, 86400, 2 * 86400]


class Truth:
    """What the oracle says of a history; of one question once."""

    def __init__(self, events: Sequence[Event], sampling: int = 60) -> None:
        self.sampling = sampling
        self._model = Model(events, sampling)
        self._answers: dict[Request, dict[str, Any]] = {}

    def answer(self, request: Request) -> dict[str, Any]:
        if request not in self._answers:
            self._answers[request] = self._model.answer(request, NOW)
        return self._answers[request]


async def assert_true(engine: QueryEngine, truth: Truth, request: Request) -> None:
    """Compare an answer with the oracle's, once with nothing in memory and once with all of it."""
    params = {name: str(value) for name, value in request.parameters().items()}
    asked = MetricsRequest.parse(params, now=NOW, sampling_interval=truth.sampling)
    expected = truth.answer(request)
    cold, warm = [told(await engine.metrics(asked)) | {"aggregation": request.aggregation} for _ in range(2)]
    assert differences(expected, cold, until_now=False) == [], request
    # What is the same to the last digit need not be compared number by number again.
    assert warm == cold or differences(expected, warm, until_now=False) == [], request


@pytest.fixture(scope="module")
def events() -> list[Event]:
    """In order of arrival: the lives of some operations, and a few changes of health, come last."""
    events = days_of_history(5)
    late = [event for event in events if is_late(event)]
    assert LATE - 20 < len(late) < LATE + 20
    return [*(event for event in events if not is_late(event)), *late]


def is_late(event: Event) -> bool:
    if "operation_id" in event:
        return int(event["operation_id"].rpartition("-")[2]) % 20 == 0
    return int(event["timestamp"]) % 50 == 0


@pytest.fixture(scope="module")
def truth(events: list[Event]) -> Truth:
    return Truth(events)


@pytest.fixture(scope="module")
def stored(events: list[Event], tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoredBy]:
    """Give the store of a way, made once, for it is only read; whoever asks has read nothing of it yet."""
    made: dict[Way, Store] = {}
    with ExitStack() as locks:

        def store_of(way: Way) -> Store:
            if way not in made:
                path = tmp_path_factory.mktemp(way.__name__)
                store = Store(locks.enter_context(Folder(Unsynced(), str(path)).locked()), events)
                way(store)
                made[way] = store
            anew = copy.copy(made[way])
            anew.reader = Reader(anew.files, cache(partial(read_carry, anew.files)))
            return anew

        yield store_of


@pytest.mark.parametrize("way", WAYS)
async def test_every_tier_gives_the_same_numbers(stored: StoredBy, truth: Truth, way: Way) -> None:
    """Of all metrics, for ranges and cells of every shape, cold and from memory."""
    store = stored(way)
    for number, (start, end) in enumerate(SPANS):
        # Every second width, the others in the next span.
        for interval in INTERVALS[number % 2 :: 2]:
            engine = store.engine(NOW)
            await assert_true(engine, truth, Request(start_time=start, end_time=end, interval=interval))
            engine.close()


@pytest.mark.parametrize("way", [in_days, in_days_but_for_late_rows_in_memory, in_days_without_details])
@pytest.mark.parametrize("aggregation", AGGREGATIONS)
async def test_every_aggregation_is_the_same(stored: StoredBy, truth: Truth, way: Way, aggregation: str) -> None:
    """Of the whole range, whose latencies and rates are read from days, whatever the samples need."""
    engine = stored(way).engine(NOW)
    for more in ({}, {"status": "completed"}, {"backend": "s3", "operation_type": "pin"}):
        for start, end in SPANS[2:3]:
            request = Request(start_time=start, end_time=end, interval=1800, aggregation=aggregation, **more)  # type: ignore[arg-type]
            await assert_true(engine, truth, request)
            for metric in ("operation_latency", "success_rate"):
                await assert_true(engine, truth, replace(request, metric_type=metric))
    engine.close()


async def test_minutes_of_a_day_that_has_a_file(stored: StoredBy, truth: Truth) -> None:
    """Samples as fine as they were taken come from the hours, with latencies that are remembered by interval."""
    engine = stored(in_days).engine(NOW)
    for more in ({}, {"status": "failed"}, {"status": "pending"}, {"operation_type": "add", "backend": "ipfs"}):
        for metric in (None, "operation_latency"):
            request = Request(metric, start_time=MIDNIGHT + 3000, end_time=MIDNIGHT + 7 * HOUR, interval=60, **more)  # type: ignore[arg-type]
            await assert_true(engine, truth, request)
    engine.close()


async def test_little_memory_changes_no_answer(stored: StoredBy, truth: Truth) -> None:
    """Where nearly nothing can be remembered, it is read again."""
    store = stored(in_days)
    store.reader = Reader(store.files, store.catalog.carry, max_cached=1)
    engine = store.engine(NOW)
    await assert_true(engine, truth, Request(start_time=MIDNIGHT, end_time=MORNING, interval=1800))
    engine.close()


@pytest.mark.parametrize("sampling", [45, 1200])
async def test_another_sampling_interval_of_now(stored: StoredBy, events: list[Event], sampling: int) -> None:
    """What does not fit the samples asked for is read from its events, of days that have a file as well."""
    engine, truth = stored(in_days).engine(NOW, sampling), Truth(events, sampling)
    for interval in (sampling * 3, 3600):
        start, end = MIDNIGHT + sampling, MIDNIGHT + 5 * HOUR - sampling
        await assert_true(engine, truth, Request(start_time=start, end_time=end, interval=interval))
    engine.close()


@pytest.mark.parametrize(
    ("start", "end", "interval", "expected"),
    [
        (MIDNIGHT, MIDNIGHT + 2 * DAY, DAY, {"days": 2}),
        (MIDNIGHT - HOUR, MIDNIGHT + DAY, HOUR, {"hours": 25}),
        (MIDNIGHT + 1800, MIDNIGHT + 3 * HOUR, 1800, {"half_hours": 4, "hours_as_sampled": 1}),
        (MIDNIGHT + DAY + 60, MIDNIGHT + DAY + HOUR, 60, {"hours_as_sampled": 1}),
    ],
)
async def test_an_answer_explains_what_it_read(
    stored: StoredBy, start: int, end: int, interval: int, expected: dict[str, int]
) -> None:
    """The widest rows that fit, and only at the edges narrower ones."""
    engine = stored(in_days).engine(NOW)
    params = {"start_time": str(start), "end_time": str(end), "interval": str(interval)}
    result = await engine.metrics(MetricsRequest.parse(params, now=NOW, sampling_interval=60))
    account = result.account.as_data()
    units = ("days", "hours", "half_hours", "hours_as_sampled", "hours_from_events")
    assert {name: account[name] for name in units if account[name]} == expected
    assert account["files_read"] > 0
    again = (await engine.metrics(MetricsRequest.parse(params, now=NOW, sampling_interval=60))).account
    assert (again.files_read, again.files_remembered) == (0, account["files_read"])
    engine.close()
