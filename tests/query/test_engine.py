"""The engine: the oracle's answers, in threads, within limits."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from telemetryd.model.errors import (
    Busy,
    CorruptFile,
    QueryTimeout,
    ResultTooLarge,
    UnknownOperation,
)
from telemetryd.model.metrics import AGGREGATIONS, METRIC_TYPES
from telemetryd.model.settings import QuerySettings, Settings
from telemetryd.model.timerange import TimeRange
from telemetryd.query.engine import QUEUE_DEPTH, QueryEngine
from telemetryd.query.reader import Reader
from telemetryd.query.request import Filters, MetricsRequest, OperationsRequest
from telemetryd.query.snapshot import OperationInFlight, Snapshot
from telemetryd.rollup.columns import Array, EventColumns
from telemetryd.storage.catalog import HourParts
from telemetryd.storage.files import Files
from telemetryd.storage.part import Part, read_carry
from tests.end_to_end.comparing import differences
from tests.oracle.model import Model, Request

from .histories import END, HOUR, random_history
from .rows import Event
from .store import Store
from .telling import told

StoreOf = Callable[[list[Event]], Store]
NOW = END + 30.0
EVERYTHING = OperationsRequest(Filters(), 0, NOW, "recent", 1000)


def asked(interval: int = 60, aggregation: str | None = None, end: int = END, **filters: str) -> MetricsRequest:
    span = TimeRange(HOUR, end)
    return MetricsRequest(METRIC_TYPES, Filters(**filters), span, interval, aggregation)


@pytest.fixture
def store(store_of: StoreOf) -> Store:
    """One random history, its first hours compacted, then parts, then what is in memory."""
    store = store_of(random_history(6))
    ages = store.rows.timestamp / 1e6 - HOUR
    store.seal(np.flatnonzero(ages < 9000))
    store.compact(HOUR + 7200)
    store.seal(np.flatnonzero((ages >= 9000) & (ages < 12000)))
    store.hold(np.flatnonzero(ages >= 12000))
    return store


def empty_snapshot(heads: tuple[EventColumns, ...] = ()) -> Snapshot:
    return Snapshot(NOW, 60, heads, {}, {}, {}, {}, {}, list)


async def nothing_is_lost(part: Part, reason: str) -> None:
    pytest.fail(f"{part} was set aside: {reason}")


def engine_of(
    snapshot: Callable[[], Snapshot],
    clock: Callable[[], float] = lambda: 0.0,
    took: Callable[[float], None] = lambda seconds: None,
    **query: int,
) -> QueryEngine:
    """Return an engine without files, on a clock that stands."""
    settings = replace(Settings(), query=replace(QuerySettings(), **query))
    reader = Reader(Files(), lambda part: pytest.fail("no parts"))
    return QueryEngine(snapshot, lambda: settings, reader, nothing_is_lost, clock, took)


class Gate:
    """A snapshot whose queries wait in their threads until they are let go."""

    def __init__(self) -> None:
        self.reached = threading.Semaphore(0)
        self.open = threading.Event()

    def operations(self) -> list[OperationInFlight]:
        self.reached.release()
        assert self.open.wait(30)
        return []

    def snapshot(self) -> Snapshot:
        return replace(empty_snapshot((EventColumns.empty(),)), operations=self.operations)

    async def reach(self) -> None:
        """Wait until a query is in its thread."""
        assert await asyncio.to_thread(self.reached.acquire, timeout=30)


@pytest.mark.parametrize("aggregation", [None, *AGGREGATIONS])
async def test_answers_are_those_of_the_oracle(store: Store, aggregation: str | None) -> None:
    """All metrics, plain and by every aggregation, with and without filters."""
    engine = store.engine(NOW)
    cases: list[dict[str, str]] = [{}, {"status": "completed"}, {"status": "retrying", "backend": "s3"}]
    for filters in cases:
        for interval in (60, 3600):
            request = asked(interval, aggregation, **filters)
            expected = Model(random_history(6)).answer(
                Request(None, start_time=HOUR, end_time=END, interval=interval, aggregation=aggregation, **filters),  # type: ignore[arg-type]
                NOW,
            )
            found = told(await engine.metrics(request)) | {"aggregation": aggregation}
            assert differences(expected, found, until_now=False) == []
    engine.close()


@pytest.mark.parametrize("params", [{"start_time": str(HOUR + 100.5)}, {"end_time": str(END - 100.5)}, {}])
async def test_one_sided_ranges_are_answered(store: Store, params: dict[str, str]) -> None:
    """Until now, or for the day before an end."""
    engine = store.engine(NOW)
    request = MetricsRequest.parse(params, now=NOW, sampling_interval=60)
    times = {name: float(value) for name, value in params.items()}
    expected = Model(random_history(6)).answer(Request(**times), NOW)  # type: ignore[arg-type]
    assert differences(expected, told(await engine.metrics(request)), until_now=False) == []
    engine.close()


async def test_operations_are_answered(store: Store) -> None:
    """Lists, timelines, and ids that nobody knows."""
    engine = store.engine(NOW)
    recent = await engine.operations(EVERYTHING)
    assert len(recent) > 100
    one = await engine.operation(recent[0]["operation_id"], HOUR, NOW)
    assert one["operation_id"] == recent[0]["operation_id"]
    with pytest.raises(UnknownOperation):
        await engine.operation("nobody")
    engine.close()


async def test_a_query_ends_by_its_deadline() -> None:
    """Once its time is over, a query raises at its next step."""
    clock = [0.0]

    def slow() -> list[OperationInFlight]:
        clock[0] += 31
        return []

    engine = engine_of(
        lambda: replace(empty_snapshot((EventColumns.empty(),)), operations=slow), lambda: clock[0], timeout=30
    )
    with pytest.raises(QueryTimeout, match="within 30 s"):
        await engine.operations(EVERYTHING)
    engine.close()


async def test_more_queries_than_may_wait_are_refused() -> None:
    """Each thread has eight places to wait; one more is Busy at once, and there is room again afterwards."""
    gate = Gate()
    engine = engine_of(gate.snapshot, concurrency=2)
    waiting = [asyncio.create_task(engine.operations(EVERYTHING)) for _ in range(2 * (1 + QUEUE_DEPTH))]
    await gate.reach()
    with pytest.raises(Busy):
        await engine.operations(EVERYTHING)
    gate.open.set()
    assert await asyncio.gather(*waiting) == [[]] * len(waiting)
    assert await engine.operations(EVERYTHING) == []
    engine.close()


class Head:
    """Rows that tell when a query comes to them."""

    def __init__(self) -> None:
        self.read = threading.Event()

    @property
    def timestamp(self) -> Array:
        self.read.set()
        return np.empty(0, np.int64)

    def take(self, choice: Array) -> EventColumns:
        return EventColumns.empty()


@pytest.mark.parametrize("cancelled", [True, False])
async def test_a_query_nobody_waits_for_stops(cancelled: bool) -> None:
    """A cancelled call ends its query at the next step; one that is not goes on to the rows."""
    gate, head = Gate(), Head()
    snapshot = replace(gate.snapshot(), heads=(head,))  # type: ignore[arg-type]
    engine = engine_of(lambda: snapshot)
    task = asyncio.create_task(engine.operations(EVERYTHING))
    await gate.reach()
    if cancelled:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    gate.open.set()
    if not cancelled:
        assert await task == []
    # Closing waits until every thread is done.
    engine.close()
    assert head.read.is_set() is not cancelled


async def test_a_cancelled_query_gives_its_place_back() -> None:
    """Clients that go away do not make the engine busy for those that stay."""
    gate = Gate()
    engine = engine_of(gate.snapshot, concurrency=1)
    for _ in range(3 * QUEUE_DEPTH):
        task = asyncio.create_task(engine.operations(EVERYTHING))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    gate.open.set()
    assert await engine.operations(EVERYTHING) == []
    engine.close()


@pytest.mark.parametrize("metric", METRIC_TYPES)
async def test_an_answer_that_is_too_large_is_refused(store: Store, metric: str) -> None:
    """The limit is of samples, and of cells that a gauge may have one in; the error says how to ask for less."""
    request = replace(asked(), metric_types=(metric,))
    cells = 4 * 60
    table = (await store.engine(NOW).metrics(request)).metrics[metric]
    gauge = metric in ("queue_size", "backend_health")
    enough = max(cells, len(table.keys) * cells if gauge else len(table))
    assert len((await store.engine(NOW, max_samples=enough).metrics(request)).metrics[metric]) == len(table)
    for limit in (enough - 1, cells - 1):
        with pytest.raises(ResultTooLarge, match="longer interval"):
            await store.engine(NOW, max_samples=limit).metrics(request)


async def test_a_range_that_is_too_large_is_refused_before_it_is_made(store: Store) -> None:
    """All seconds since 1970 would not fit into memory."""
    with pytest.raises(ResultTooLarge):
        await store.engine(NOW).metrics(MetricsRequest(METRIC_TYPES, Filters(), TimeRange(0, END), 1, None))


async def test_all_metrics_together_are_within_the_limit(store: Store) -> None:
    """Each metric alone fits; the eight of them do not."""
    tables = (await store.engine(NOW).metrics(asked(600))).metrics
    limit = max(max(len(table) for table in tables.values()), 24 * 12)
    for metric in METRIC_TYPES:
        await store.engine(NOW, max_samples=limit).metrics(replace(asked(600), metric_types=(metric,)))
    with pytest.raises(ResultTooLarge):
        await store.engine(NOW, max_samples=limit).metrics(asked(600))


async def test_a_part_that_vanishes_is_asked_for_again(store: Store) -> None:
    """Compaction may replace parts between the snapshot and the reading: the query takes another snapshot."""
    stale = store.snapshot(NOW)
    expected = told(await store.engine(NOW).metrics(asked()))
    store.compact(END)
    pictures = iter([stale, store.snapshot(NOW)])
    reader = Reader(store.files, store.catalog.carry)
    engine = QueryEngine(lambda: next(pictures), Settings, reader, nothing_is_lost)
    assert differences(expected, told(await engine.metrics(asked())), until_now=False) == []
    assert next(pictures, None) is None
    engine.close()


async def test_parts_may_vanish_as_often_as_they_are_replaced(store: Store) -> None:
    """While one hour after the other is compacted, a query starts again and again, until its deadline."""
    stale = store.snapshot(NOW)
    expected = told(await store.engine(NOW).metrics(asked()))
    store.compact(END)
    current = store.snapshot(NOW)
    lost = [
        part for hour in stale.hours.values() for part in (*hour.events, *hour.rollups) if not os.path.exists(part.path)
    ]
    # Each picture lacks the part that was missed before, and has another one that is gone by now.
    pictures = [
        replace(stale, hours={part.hour: HourParts((part,), ()) if part.kind == "events" else HourParts((), (part,))})
        for part in lost
    ]
    assert len(pictures) > 5
    following = iter([*pictures, current])
    engine = QueryEngine(lambda: next(following), Settings, Reader(store.files, store.catalog.carry), nothing_is_lost)
    assert differences(expected, told(await engine.metrics(asked())), until_now=False) == []
    engine.close()


async def test_a_part_that_somebody_removed_is_done_without(store: Store) -> None:
    """As one that cannot be read: set aside, and the hour answered from the rest."""
    expected = told(await store.engine(NOW).metrics(asked()))
    rollups = [part for hour in store.catalog.view().values() for part in hour.rollups]
    os.unlink(rollups[0].path)
    store.reader = Reader(store.files, partial(read_carry, store.files))
    found = told(await store.engine(NOW).metrics(asked()))
    assert differences(expected, found, until_now=False) == []
    assert store.aside == [f"{rollups[0].path}: expected a part of telemetryd: it is gone"]


def damage(part: Part) -> None:
    """Flip a bit in the pages of a part."""
    with open(part.path, "r+b") as file:
        file.seek(200)
        byte = file.read(1)[0]
        file.seek(200)
        file.write(bytes([byte ^ 4]))


async def test_an_hour_whose_rollups_are_lost_is_answered_from_its_events(store: Store) -> None:
    """At once and as before, whichever of its rollups it is, compacted or not: every number is still there."""
    expected = told(await store.engine(NOW).metrics(asked()))
    for compacted in (False, True):
        if compacted:
            store.compact(END)
        rollups = [part for hour in store.catalog.view().values() for part in hour.rollups]
        for part in rollups[::2]:
            damage(part)
        # As after a start: nothing is remembered of what was read before.
        store.reader = Reader(store.files, partial(read_carry, store.files))
        found = told(await store.engine(NOW).metrics(asked()))
        assert differences(expected, found, until_now=False) == []
        assert len(store.aside) == len(rollups[::2])
        store.aside.clear()


async def test_an_hour_whose_events_are_lost_keeps_its_numbers(store: Store) -> None:
    """Its rollups tell them; the operations themselves are those of the other hours."""
    store.compact(END)
    expected = told(await store.engine(NOW).metrics(asked()))
    hours = store.catalog.view()
    oldest = hours[min(hours)].events[0]
    damage(oldest)
    others = await store.engine(NOW).operations(EVERYTHING)
    assert [reason.split(":")[0] for reason in store.aside] == [oldest.path]
    assert others
    assert all(each["end_time"] >= min(hours) + 3600 for each in others if each["end_time"])
    found = told(await store.engine(NOW).metrics(asked()))
    assert differences(expected, found, until_now=False) == []


async def test_a_part_that_cannot_be_set_aside_is_an_error(store: Store) -> None:
    """The query does not go round for ever."""
    rollups = [part for hour in store.catalog.view().values() for part in hour.rollups]
    damage(rollups[0])
    told_of = []

    async def too_late(part: Part, reason: str) -> None:
        told_of.append(part)

    engine = QueryEngine(lambda: store.snapshot(NOW), Settings, store.reader, too_late)
    with pytest.raises(CorruptFile, match="checksum"):
        await engine.metrics(asked())
    assert told_of == [rollups[0]]
    engine.close()


async def test_queries_run_side_by_side(store: Store) -> None:
    """Several at once give what each gives alone, from one cache of rollups."""
    engine = store.engine(NOW, concurrency=4)
    alone = [told(await engine.metrics(asked(interval))) for interval in (60, 120, 600, 3600)]
    together = await asyncio.gather(*(engine.metrics(asked(interval)) for interval in (60, 120, 600, 3600) * 3))
    assert [told(each) for each in together] == alone * 3
    engine.close()


@pytest.mark.parametrize("fails", [False, True])
async def test_how_long_a_query_took_is_told(fails: bool) -> None:
    """In seconds, also of one that fails."""
    clock, took = [10.0], list[float]()

    def slow() -> list[OperationInFlight]:
        clock[0] += 2.5
        return pytest.fail("no operations") if fails else []

    def snapshot() -> Snapshot:
        return replace(empty_snapshot((EventColumns.empty(),)), operations=slow)

    engine = engine_of(snapshot, lambda: clock[0], took.append)
    with contextlib.ExitStack() as expected:
        if fails:
            expected.enter_context(pytest.raises(pytest.fail.Exception))
        await engine.operations(EVERYTHING)
    assert took == [2.5]
    engine.close()
