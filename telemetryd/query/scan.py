"""The scan: reads what the plan names and puts it together as one picture of the range."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from telemetryd.model.events import BACKEND_HEALTH_CHANGE, HEALTH_VALUES
from telemetryd.model.series import SeriesKey
from telemetryd.model.timerange import HOUR, TimeRange, hour_of
from telemetryd.rollup.build import build
from telemetryd.rollup.carry import carry_of
from telemetryd.rollup.columns import Array, EventColumns, HealthRows, OperationRows, QueueRows, RollupRows
from telemetryd.rollup.merge import concat, merge, select
from telemetryd.storage.catalog import HourParts
from telemetryd.storage.rows import concat_events

from .deadline import Deadline
from .gathered import Gathered, matching
from .plan import common_width, contested, fits, plan
from .reader import Reader
from .request import Filters
from .snapshot import Snapshot

# Rows that are read again to tell the true extremes of contested intervals; beyond it, the
# sources are taken to follow one another.
MAX_CONTESTED_ROWS = 500_000
_US = 1_000_000


class Scan:
    """One reading of a range for some filters; not to be used twice."""

    def __init__(self, snapshot: Snapshot, reader: Reader, span: TimeRange, width: int, deadline: Deadline) -> None:
        self._snapshot = snapshot
        self._reader = reader
        self._span = span
        self._width = width
        self._deadline = deadline
        self._plan = plan(snapshot.hours, span)

    def gather(self, filters: Filters) -> Gathered:
        """Return what the range holds; raises UnreadablePart, FileNotFoundError, QueryTimeout."""
        sources = self._sources()
        joined = concat(sources)
        inside = _clipped(joined, self._span.start, self._span.end)
        in_flight = self._opening(joined)
        health = self._health(joined, sources)
        rows = self._settled(inside, sources)
        seen = self._first_seen(joined)
        keys = tuple(matching(seen, filters))
        backends = tuple(sorted(name for name in health if filters.backend in (None, name)))
        return Gathered(
            rows=_filtered(rows, filters),
            keys=keys,
            in_flight=np.array([in_flight.get(key, (0, 0, 0)) for key in keys], np.int64).reshape(-1, 3),
            first_seen=np.array([seen[key] for key in keys], np.float64),
            backends=backends,
            health=np.array([health[name] for name in backends], np.float64),
            horizon=self._horizon(),
        )

    def _sources(self) -> list[RollupRows]:
        """Read the rollups of the hours that the range touches, and build those of the heads."""
        sources: list[RollupRows] = []
        for hour in self._plan.inside:
            self._deadline.check()
            parts = self._snapshot.hours[hour]
            rollups = [self._reader.rollups(part) for part in parts.rollups]
            span = TimeRange(max(hour, self._span.start), min(hour + HOUR, self._span.end))
            if parts.detailed and not all(fits(rows, self._width, span) for rows in rollups):
                # The sampling interval was another one then; the events know better.
                rollups = [build(_joined([self._reader.events(part) for part in parts.events]), self._sampling)]
            elif len(rest := self._reader.unsummarised(parts)):
                rollups.append(build(rest, self._sampling))
            sources.extend(rollups)
        heads = self._heads(self._span.start, self._span.end)
        if len(heads):
            sources.append(build(heads, self._sampling))
        return sources or [build(heads, self._sampling)]

    @property
    def _sampling(self) -> int:
        return self._snapshot.sampling_interval

    def _heads(self, start: float, end: float) -> EventColumns:
        """Return the rows in memory from ``start`` to ``end`` (Unix s)."""
        chosen = []
        for head in self._snapshot.heads:
            inside = (head.timestamp >= start * _US) & (head.timestamp < end * _US)
            chosen.append(head if inside.all() else head.take(inside))
        return _joined(chosen)

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
        return settled, _joined(found)

    def _opening(self, joined: RollupRows) -> dict[SeriesKey, tuple[int, int, int]]:
        """Return the numbers in flight when the range begins: those of now, less all moves since."""
        numbers = {key: np.array(counts, np.int64) for key, counts in self._snapshot.in_flight.items()}
        since = select(joined.queue, (joined.queue.start >= self._span.start) & (joined.queue.state < 3))
        net = np.zeros((len(joined.series), 3), np.int64)
        np.add.at(net, (since.series, since.state), since.net)
        moves = [dict(zip(joined.series, net, strict=True))]
        later = carry_of(self._heads(self._span.end, float("inf")))
        moves.append({key: np.array(counts) for key, counts in later.net.items()})
        for hour in self._plan.after:
            self._deadline.check()
            carries = self._reader.carries(self._snapshot.hours[hour])
            moves.extend({key: np.array(counts) for key, counts in each.net.items()} for each in carries)
        for each in moves:
            for key, counts in each.items():
                numbers[key] = numbers.get(key, np.zeros(3, np.int64)) - counts
        return {key: (int(counts[0]), int(counts[1]), int(counts[2])) for key, counts in numbers.items()}

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
        for hour in reversed(self._plan.before):
            if len(last) >= len(known):
                break
            self._deadline.check()
            told = [carry.health for carry in self._reader.carries(self._snapshot.hours[hour])]
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
        for backend, (timestamp, state) in carry_of(_joined(recent)).health.items():
            tell(backend, timestamp, HEALTH_VALUES.get(state, np.nan))
        return {backend: last[backend][1] if backend in last else np.nan for backend in known}

    def _is_contested_before(self, start: int, sources: Sequence[RollupRows], heads: EventColumns) -> bool:
        """Whether several sources tell of health in the hour of ``start``, before it, and their events are there."""
        tellers = sum(bool((each.health.start < start).any()) for each in sources)
        tellers += bool((heads.timestamp[heads.event == BACKEND_HEALTH_CHANGE] >= hour_of(start) * _US).any())
        return tellers > 1 and self._snapshot.hours[hour_of(start)].detailed

    def _first_seen(self, joined: RollupRows) -> dict[SeriesKey, float]:
        seen = dict(self._snapshot.first_seen)
        for code, start in zip(joined.queue.series.tolist(), joined.queue.start.tolist(), strict=True):
            seen.setdefault(joined.series[code], float(start))
        return seen

    def _horizon(self) -> float:
        """Return until when anything is known: until now, or until the newest row of a clock that is ahead."""
        now = self._snapshot.now
        recent = list(self._snapshot.heads)
        if self._span.end > now:
            hours = [parts for hour, parts in self._snapshot.hours.items() if hour + HOUR > now]
            recent.extend(self._reader.events(part, start=now) for parts in hours for part in parts.events)
        return max([now, *(float(rows.timestamp.max()) / _US for rows in recent if len(rows))])


def _joined(several: Sequence[EventColumns]) -> EventColumns:
    return concat_events(several) if several else EventColumns.empty()


def _clipped(rows: RollupRows, start: int, end: int) -> RollupRows:
    def inside(each: OperationRows | QueueRows | HealthRows) -> Array:
        return np.asarray((each.start >= start) & (each.start < end))

    return RollupRows(
        rows.series,
        rows.backends,
        select(rows.operations, inside(rows.operations)),
        select(rows.queue, inside(rows.queue)),
        select(rows.health, inside(rows.health)),
    )


def _filtered(rows: RollupRows, filters: Filters) -> RollupRows:
    wanted = set(matching(dict.fromkeys(rows.series, 0.0), filters))
    series = np.array([key in wanted for key in rows.series], bool)
    backend = np.array([filters.backend in (None, name) for name in rows.backends], bool)
    operations = select(rows.operations, series[rows.operations.series] if len(series) else np.empty(0, bool))
    queue = select(rows.queue, series[rows.queue.series] if len(series) else np.empty(0, bool))
    health = select(rows.health, backend[rows.health.backend] if len(backend) else np.empty(0, bool))
    return RollupRows(rows.series, rows.backends, operations, queue, health)
