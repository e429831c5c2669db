"""The scan: one picture of a range, put together from what its sources tell."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from telemetryd.model.events import BACKEND_HEALTH_CHANGE, HEALTH_VALUES
from telemetryd.model.series import SeriesKey
from telemetryd.model.timerange import DAY, HOUR, TimeRange, hour_of
from telemetryd.rollup.build import build
from telemetryd.rollup.carry import Carry, carry_of
from telemetryd.rollup.columns import Array, EventColumns, HealthRows, OperationRows, QueueRows, RollupRows
from telemetryd.rollup.merge import concat, merge, select
from telemetryd.storage.catalog import HourParts
from telemetryd.storage.day_file import DayFile

from .account import Account
from .deadline import Deadline
from .gathered import EVERYTHING, HEALTH, QUEUE, Gathered, ended_statuses, matching, remembered_of
from .plan import Carrier, common_width, contested, plan
from .reader import Reader
from .request import Filters
from .snapshot import Snapshot
from .sources import Found, Sources, joined_events, picked

# Rows that are read again to tell the true extremes of contested intervals; beyond it, the
# sources are taken to follow one another.
MAX_CONTESTED_ROWS = 500_000
_US = 1_000_000


class Scan:
    """One reading of a range for some filters; not to be used twice.

    It is read for cells that hold whole ``granule`` s (0: for one cell); ``reads`` says which kinds of
    rows are wanted.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        reader: Reader,
        span: TimeRange,
        granule: int,
        deadline: Deadline,
        reads: Collection[str] = EVERYTHING,
        account: Account | None = None,
    ) -> None:
        self._snapshot = snapshot
        self._reader = reader
        self._span = span
        self._deadline = deadline
        self._reads = reads
        self._inside = self._heads(span.start, span.end)
        self._plan = plan(snapshot.hours, snapshot.days, _hours_of(self._inside), span, granule)
        self._sources = Sources(snapshot, reader, span, granule, deadline, reads, account or Account())

    def gather(self, filters: Filters, *, even: bool = False) -> Gathered:
        """Return what the range holds; ``even`` where the cells are intervals of just the granule.

        Raises UnreadablePart, FileNotFoundError, QueryTimeout.
        """
        found = self._sources.read(self._plan, self._inside, ended_statuses(filters) if even else None)
        self._deadline.check()
        span = self._span
        gathered = Gathered(
            rows=_filtered(_clipped(found.joined, span.start, span.end), filters),
            keys=(),
            in_flight=np.empty((0, 3), np.int64),
            first_seen=np.empty(0),
            backends=(),
            health=np.empty(0),
            horizon=self._snapshot.now,
            detailed=_filtered(_clipped(found.detailed, span.start, span.end), filters),
            remembered=tuple(remembered_of(each, filters) for each in found.remembered),
        )
        return self._with_gauges(gathered, filters, found) if {QUEUE, HEALTH} & set(self._reads) else gathered

    def _with_gauges(self, gathered: Gathered, filters: Filters, found: Found) -> Gathered:
        joined = found.joined
        in_flight = self._opening(joined) if QUEUE in self._reads else {}
        health = self._health(joined, found.alone + found.together) if HEALTH in self._reads else {}
        rows = self._settled(_clipped(joined, self._span.start, self._span.end), found.together)
        seen = self._first_seen(joined) if QUEUE in self._reads else {}
        keys = tuple(matching(seen, filters))
        backends = tuple(sorted(name for name in health if filters.backend in (None, name)))
        return replace(
            gathered,
            rows=_filtered(rows, filters),
            keys=keys,
            in_flight=np.array([in_flight.get(key, (0, 0, 0)) for key in keys], np.int64).reshape(-1, 3),
            first_seen=np.array([seen[key] for key in keys], np.float64),
            backends=backends,
            health=np.array([health[name] for name in backends], np.float64),
            horizon=self._horizon(),
        )

    @property
    def _sampling(self) -> int:
        return self._snapshot.sampling_interval

    def _heads(self, start: float, end: float) -> EventColumns:
        """Return the rows in memory from ``start`` to ``end`` (Unix s)."""
        chosen = []
        for head in self._snapshot.heads:
            inside = (head.timestamp >= start * _US) & (head.timestamp < end * _US)
            chosen.append(head if inside.all() else head.take(inside))
        return joined_events(chosen)

    def _settled(self, inside: RollupRows, sources: Sequence[RollupRows]) -> RollupRows:
        """Put the true gauges in place of those that several sources tell of."""
        width = common_width(sources)
        starts = contested(sources, self._span, width)
        if not len(starts):
            return inside
        settled, events = self._contested_events(self._affordable(starts, width, inside), width)
        if len(settled) < len(starts):
            inside = replace(inside, health=merge([inside]).health)
        rebuilt = _clipped(build(events, self._sampling), self._span.start, self._span.end)
        kept = RollupRows(
            inside.series,
            inside.backends,
            inside.operations,
            select(inside.queue, ~np.isin(inside.queue.start // width * width, settled)),
            select(inside.health, ~np.isin(inside.health.start // width * width, settled)),
        )
        nothing = select(rebuilt.operations, np.zeros(len(rebuilt.operations), bool))
        return concat([kept, replace(rebuilt, operations=nothing)])

    def _affordable(self, starts: Array, width: int, inside: RollupRows) -> Array:
        """Return the first of some intervals, as many as have few enough rows to be read again."""
        entries = inside.operations.entries
        at = np.searchsorted(starts, inside.operations.start // width * width)
        told = np.isin(inside.operations.start // width * width, starts)
        rows = np.bincount(at[told], entries[told], len(starts))
        return starts[np.cumsum(rows) <= MAX_CONTESTED_ROWS]

    def _contested_events(self, starts: Array, width: int) -> tuple[list[int], EventColumns]:
        """Return which intervals of ``width`` s have all their events still, and these events."""
        found: list[EventColumns] = []
        settled: list[int] = []
        # Intervals that follow one another are read in one go.
        for run in np.split(starts, np.flatnonzero(np.diff(starts) != width) + 1):
            for hour in sorted({hour_of(start) for start in run.tolist()}):
                self._deadline.check()
                wanted = run[run // HOUR * HOUR == hour].tolist()
                first, last = wanted[0], wanted[-1] + width
                parts = self._snapshot.hours.get(hour, HourParts())
                if parts.rollups and not parts.detailed:
                    continue
                found.extend(self._reader.events(part, first, last) for part in parts.events)
                found.append(self._heads(first, last))
                settled.extend(wanted)
        return settled, joined_events(found)

    def _opening(self, joined: RollupRows) -> dict[SeriesKey, tuple[int, int, int]]:
        """Return the numbers in flight when the range begins: those of now, less all moves since."""
        numbers = {key: np.array(counts, np.int64) for key, counts in self._snapshot.in_flight.items()}
        since = select(joined.queue, (joined.queue.start >= self._span.start) & (joined.queue.state < 3))
        net = np.zeros((len(joined.series), 3), np.int64)
        np.add.at(net, (since.series, since.state), since.net)
        moves = [dict(zip(joined.series, net, strict=True))]
        later = carry_of(self._heads(self._span.end, float("inf")))
        moves.append({key: np.array(counts) for key, counts in later.net.items()})
        for carrier in self._plan.after:
            self._deadline.check()
            moves.extend({key: np.array(counts) for key, counts in each.net.items()} for each in self._carries(carrier))
        for each in moves:
            for key, counts in each.items():
                numbers[key] = numbers.get(key, np.zeros(3, np.int64)) - counts
        return {key: (int(counts[0]), int(counts[1]), int(counts[2])) for key, counts in numbers.items()}

    def _carries(self, carrier: Carrier) -> list[Carry]:
        if isinstance(carrier, DayFile):
            return [self._reader.carry(carrier.part)]
        return self._reader.carries(self._snapshot.hours[carrier])

    def _health(self, joined: RollupRows, sources: Sequence[RollupRows]) -> dict[str, float]:
        """Return each backend's health when the range begins, NaN where it is not known."""
        start = self._span.start
        last: dict[str, tuple[float, float]] = {}

        def tell(backend: str, timestamp: float, value: float) -> None:
            if backend not in last or timestamp >= last[backend][0]:
                last[backend] = (timestamp, value)

        known = set(self._snapshot.health) | set(joined.backends)
        for backend, (since, state) in self._snapshot.health.items():
            if since <= start:
                tell(backend, since, HEALTH_VALUES.get(state, np.nan))
        for carrier in reversed(self._plan.before):
            if len(last) >= len(known):
                break
            self._deadline.check()
            told = [carry.health for carry in self._carries(carrier)]
            missing = known - set(last)
            for carried in told:
                for backend, (timestamp, state) in carried.items():
                    if backend in missing:
                        tell(backend, timestamp, HEALTH_VALUES.get(state, np.nan))
        recent = [self._heads(0, start)]
        if self._is_contested_before(start, sources, recent[0]):
            # Rows tell when a health first changed; whose last change came last, only the events do.
            parts = self._snapshot.hours[hour_of(start)].events
            recent.extend(self._reader.events(part, hour_of(start), start) for part in parts)
        else:
            rows = select(joined.health, joined.health.start < start)
            for index in np.argsort(rows.start, kind="stable").tolist():
                tell(
                    joined.backends[rows.backend[index]],
                    float(rows.start[index] + rows.lead[index]),
                    float(rows.last[index]),
                )
        for backend, (timestamp, state) in carry_of(joined_events(recent)).health.items():
            tell(backend, timestamp, HEALTH_VALUES.get(state, np.nan))
        return {backend: last[backend][1] if backend in last else np.nan for backend in known}

    def _is_contested_before(self, start: int, sources: Sequence[RollupRows], heads: EventColumns) -> bool:
        """Whether several sources tell of health in the hour of ``start``, before it, and their events are there."""
        tellers = sum(bool((each.health.start < start).any()) for each in sources)
        tellers += bool((heads.timestamp[heads.event == BACKEND_HEALTH_CHANGE] >= hour_of(start) * _US).any())
        return tellers > 1 and self._snapshot.hours[hour_of(start)].detailed

    def _first_seen(self, joined: RollupRows) -> dict[SeriesKey, float]:
        first = np.full(len(joined.series), np.inf)
        np.minimum.at(first, joined.queue.series, joined.queue.start)
        told = zip(joined.series, first.tolist(), strict=True)
        return {key: start for key, start in told if start < np.inf} | dict(self._snapshot.first_seen)

    def _horizon(self) -> float:
        """Return until when anything is known: until now, or until the newest row of a clock that is ahead."""
        now = self._snapshot.now
        recent = list(self._snapshot.heads)
        if self._span.end > now:
            ahead = (hour for day in self._snapshot.days if day + DAY > now for hour in range(day, day + DAY, HOUR))
            hours = [self._snapshot.hours[hour] for hour in ahead if hour + HOUR > now and hour in self._snapshot.hours]
            recent.extend(self._reader.events(part, start=now) for parts in hours for part in parts.events)
        return max([now, *(float(rows.timestamp.max()) / _US for rows in recent if len(rows))])


def _hours_of(events: EventColumns) -> set[int]:
    return set((np.unique(events.timestamp // (HOUR * _US)) * HOUR).tolist())


def _clipped(rows: RollupRows, start: int, end: int) -> RollupRows:
    def inside(each: OperationRows | QueueRows | HealthRows) -> Array:
        return np.asarray((each.start >= start) & (each.start < end))

    return picked(rows, inside)


def _filtered(rows: RollupRows, filters: Filters) -> RollupRows:
    if filters.operation_type is None and filters.backend is None:
        return rows
    wanted = set(matching(dict.fromkeys(rows.series, 0.0), filters))
    series = np.array([key in wanted for key in rows.series], bool)
    backend = np.array([filters.backend in (None, name) for name in rows.backends], bool)
    operations = select(rows.operations, series[rows.operations.series] if len(series) else np.empty(0, bool))
    queue = select(rows.queue, series[rows.queue.series] if len(series) else np.empty(0, bool))
    health = select(rows.health, backend[rows.health.backend] if len(backend) else np.empty(0, bool))
    return RollupRows(rows.series, rows.backends, operations, queue, health)
