"""The engine: runs queries off the event loop, a few at a time, each to its deadline."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import Any, TypeVar

from telemetryd.model.errors import Busy, ResultTooLarge
from telemetryd.model.settings import Settings
from telemetryd.model.timerange import HOUR
from telemetryd.storage.part_file import UnreadablePart
from telemetryd.storage.part_name import Part

from .account import Account
from .aggregate import aggregate
from .deadline import Deadline
from .definitions import DEFINITIONS
from .gathered import Gathered
from .grid import Grid, granule, grid, most_cells, whole
from .operations import operation, operations
from .reader import Reader
from .request import MetricsRequest, OperationsRequest
from .result import MetricTable, Result
from .scan import Scan
from .snapshot import Snapshot

R = TypeVar("R")
# Does without a part, for the reason given, from the next snapshot on.
SetAside = Callable[[Part, str], Awaitable[None]]

# Queries that may wait for each one that runs.
QUEUE_DEPTH = 8


class QueryEngine:
    """Answers requests from snapshots, in threads of its own.

    ``snapshot`` and ``set_aside`` are called on the event loop: a part that cannot be read is set
    aside, and the query answered from the rest; ``took`` is told how many seconds each query took, waiting
    included. A call that is cancelled stops its query. Raises :class:`Busy` where too many wait,
    :class:`QueryTimeout`, :class:`ResultTooLarge`.
    """

    def __init__(
        self,
        snapshot: Callable[[], Snapshot],
        settings: Callable[[], Settings],
        reader: Reader,
        set_aside: SetAside,
        clock: Callable[[], float] = time.monotonic,
        took: Callable[[float], None] = lambda seconds: None,
    ) -> None:
        self._snapshot = snapshot
        self._settings = settings
        self._reader = reader
        self._set_aside = set_aside
        self._clock = clock
        self._took = took
        self._under_way = 0
        self._threads = ThreadPoolExecutor(settings().query.concurrency, thread_name_prefix="query")

    async def metrics(self, request: MetricsRequest) -> Result:
        """Return the samples that ``request`` asks for."""
        limit = self._settings().query.max_samples
        return await self._run(lambda snapshot, deadline: _metrics(request, snapshot, self._reader, deadline, limit))

    async def operations(self, request: OperationsRequest) -> list[dict[str, Any]]:
        """Return single operations, as ``GET /operations`` shows them."""
        return await self._run(lambda snapshot, deadline: operations(request, snapshot, self._reader, deadline))

    async def operation(
        self, operation_id: str, start: float | None = None, end: float | None = None
    ) -> dict[str, Any]:
        """Return one operation with its timeline; raises :class:`UnknownOperation`."""
        return await self._run(
            lambda snapshot, deadline: operation(operation_id, snapshot, self._reader, deadline, start, end)
        )

    def close(self) -> None:
        """End the threads, after what they are doing."""
        self._threads.shutdown(cancel_futures=True)

    async def _run(self, query: Callable[[Snapshot, Deadline], R]) -> R:
        settings = self._settings().query
        if self._under_way >= settings.concurrency * (1 + QUEUE_DEPTH):
            raise Busy(f"query: expected at most {self._under_way} at once, found one more; try again in a second")
        deadline = Deadline(settings.timeout, self._clock)
        self._under_way += 1
        began = self._clock()
        unreadable: set[Part] = set()
        gone = ""
        try:
            while True:
                snapshot = self._snapshot()
                try:
                    if gone and (part := _part_at(gone, snapshot)) is not None:
                        raise UnreadablePart(part, "it is gone")
                    return await asyncio.get_running_loop().run_in_executor(self._threads, query, snapshot, deadline)
                except FileNotFoundError as error:
                    # Replaced while it was about to be read, as happens while hours are compacted; where it
                    # still counts after that, somebody else has removed it.
                    deadline.check()
                    gone = error.filename
                except UnreadablePart as error:
                    if error.part in unreadable:
                        raise
                    unreadable.add(error.part)
                    await self._set_aside(error.part, str(error))
        finally:
            deadline.cancel()
            self._under_way -= 1
            self._took(self._clock() - began)


def _part_at(path: str, snapshot: Snapshot) -> Part | None:
    parts = (part for hour in snapshot.hours.values() for part in (*hour.events, *hour.rollups))
    days = (day.file.part for day in snapshot.days.values() if day.file is not None)
    return next((part for part in chain(parts, days) if part.path == path), None)


def _metrics(
    request: MetricsRequest, snapshot: Snapshot, reader: Reader, deadline: Deadline, max_samples: int
) -> Result:
    # Before anything of that size is made.
    _refuse_beyond(max_samples, most_cells(request.range, request.interval))
    cells = grid(request.range, request.interval)
    account = Account()
    # What is told by the whole range is not read in the detail of the cells.
    ways = {DEFINITIONS[name].needs_samples(request.aggregation) for name in request.metric_types}
    data = {in_cells: _gathered(request, snapshot, reader, deadline, account, in_cells) for in_cells in ways}
    tables: dict[str, MetricTable] = {}
    samples = 0
    for name in request.metric_types:
        deadline.check()
        tables[name] = _table(
            name, request, data[DEFINITIONS[name].needs_samples(request.aggregation)], cells, max_samples - samples
        )
        samples += len(tables[name])
        _refuse_beyond(max_samples, samples)
    return Result(request.range.start, request.range.end, request.interval, tables, snapshot.now, account)


def _gathered(
    request: MetricsRequest, snapshot: Snapshot, reader: Reader, deadline: Deadline, account: Account, in_cells: bool
) -> Gathered:
    """Return what the metrics need that are told by cells, or of those that are not."""
    wanted = [DEFINITIONS[name] for name in request.metric_types]
    reads = {kind for each in wanted for kind in each.reads if each.needs_samples(request.aggregation) == in_cells}
    span, interval = request.range, granule(request.interval) if in_cells else 0
    scan = Scan(snapshot, reader, span, interval, deadline, reads, account)
    return scan.gather(request.filters, even=request.aggregation is None and interval == request.interval <= HOUR)


def _table(name: str, request: MetricsRequest, data: Gathered, cells: Grid, room: int) -> MetricTable:
    definition = DEFINITIONS[name]
    if definition.gauge and request.aggregation is None:
        # Its samples can be counted before they are made.
        _refuse_beyond(room, len(cells) * len(definition.gauge(data)))
    if request.aggregation is None:
        return definition.samples(data, cells, request.filters)
    one = definition.samples(data, whole(request.range), request.filters)
    if not len(one):
        return one
    samples = definition.samples(data, cells, request.filters) if definition.needs_samples(request.aggregation) else one
    return aggregate(definition, request.aggregation, samples, one, request.range.seconds)


def _refuse_beyond(limit: int, samples: int) -> None:
    if samples > limit:
        raise ResultTooLarge(
            f"expected an answer within query.max_samples, found it {samples - limit} samples over it: "
            "ask for a longer interval, a shorter range, one metric or fewer series"
        )
