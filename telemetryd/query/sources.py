"""The sources of a range: what its plan names is read, as little of it as answers the question."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from telemetryd.model.timerange import HOUR, TimeRange
from telemetryd.rollup.build import build
from telemetryd.rollup.columns import Array, EventColumns, HealthRows, OperationRows, QueueRows, RollupRows
from telemetryd.rollup.latencies import KeyedLatencies
from telemetryd.rollup.merge import Rows, concat, select, without_histograms
from telemetryd.storage.catalog import HourParts
from telemetryd.storage.part import Part
from telemetryd.storage.rows import concat_events

from .account import Account
from .deadline import Deadline
from .gathered import HEALTH, HISTOGRAMS, OPERATIONS, QUEUE
from .plan import FromDay, FromHour, Plan, fits
from .reader import Reader
from .snapshot import Snapshot

_NONE = np.empty(0, np.int64)


@dataclass(slots=True)
class Found:
    """Rollup rows as they were read: ``alone`` tell all of their hours, those ``together`` share them with others.

    ``with_histograms`` are the same rows, with their histograms, but for stretches whose latencies
    are ``remembered``.
    """

    joined: RollupRows
    detailed: RollupRows
    alone: list[RollupRows] = field(default_factory=list)
    together: list[RollupRows] = field(default_factory=list)
    with_histograms: list[RollupRows] = field(default_factory=list)
    remembered: list[KeyedLatencies] = field(default_factory=list)


class Sources:
    """Reads what a plan names, for one query; ``account`` is told of it."""

    def __init__(
        self,
        snapshot: Snapshot,
        reader: Reader,
        span: TimeRange,
        granule: int,
        deadline: Deadline,
        reads: Collection[str],
        account: Account,
    ) -> None:
        self._snapshot = snapshot
        self._reader = reader
        self._span = span
        self._granule = granule
        self._deadline = deadline
        self._reads = reads
        self._account = account
        nothing = build(EventColumns.empty(), snapshot.sampling_interval)
        self._found = Found(nothing, nothing)

    def read(self, plan: Plan, heads: EventColumns, ended: Sequence[int] | None) -> Found:
        """Return what the plan names and the rows in memory tell; raises UnreadablePart, FileNotFoundError, QueryTimeout.

        ``ended`` are the statuses whose latencies may be remembered, interval by interval; None for none.
        """
        found = self._found
        for each in plan.days:
            self._deadline.check()
            self._read_day(each, ended)
        for wanted in plan.hours:
            self._deadline.check()
            self._read_hour(wanted, ended)
        if len(heads):
            self._add(build(heads, self._snapshot.sampling_interval), found.together)
            self._account.rows_in_memory = len(heads)
        several = [*found.alone, *found.together]
        found.joined = concat(several) if several else found.joined
        found.detailed = concat(found.with_histograms) if found.with_histograms else found.detailed
        self._account.note_rows(found.joined, found.detailed)
        return found

    def _read_day(self, wanted: FromDay, ended: Sequence[int] | None) -> None:
        part, width = wanted.file.part, wanted.width
        some = len(wanted.hours) < len(wanted.file.made_of)

        def chosen(rows: RollupRows) -> RollupRows:
            return picked(rows, lambda each: np.isin(each.start // HOUR * HOUR, wanted.hours)) if some else rows

        known = self._reader.has(part, width, *self._kind(ended))
        self._account.note_day(wanted, known=known)
        if ended is not None and HISTOGRAMS in self._reads:
            told = self._reader.latencies(part, width, ended)
            if told is not None:
                inside = np.isin(told.rows.cell // HOUR * HOUR, wanted.hours)
                self._found.remembered.append(replace(told, rows=told.rows.take(inside)) if some else told)
                self._add_counts(part, width, chosen)
                return
        self._add(chosen(self._rows(part, width)), self._found.alone)

    def _read_hour(self, wanted: FromHour, ended: Sequence[int] | None) -> None:
        parts = self._snapshot.hours[wanted.hour]
        rest = self._reader.unsummarised(parts)
        alone = bool(wanted.width) and len(parts.rollups) == 1 and not len(rest)
        width = wanted.width if alone else 0
        kind = self._kind(ended if alone else None)
        self._account.note_hour(width, [self._reader.has(part, width, *kind) for part in parts.rollups])
        if alone and ended is not None and HISTOGRAMS in self._reads:
            told = self._reader.latencies(parts.rollups[0], width, ended)
            if told is not None:
                self._found.remembered.append(told)
                self._add_counts(parts.rollups[0], width, lambda rows: rows)
                return
        for rows in self._of_hour(wanted.hour, parts, width, rest):
            self._add(rows, self._found.alone if alone else self._found.together)

    def _of_hour(self, hour: int, parts: HourParts, width: int, rest: EventColumns) -> list[RollupRows]:
        sampling = self._snapshot.sampling_interval
        span = TimeRange(max(hour, self._span.start), min(hour + HOUR, self._span.end))
        rollups = [self._rows(part, width) for part in parts.rollups]
        if parts.detailed and not all(fits(rows, self._granule, span) for rows in rollups):
            # The sampling interval was another one then; the events know better.
            self._account.note_events(len(parts.events))
            return [build(joined_events([self._reader.events(part) for part in parts.events]), sampling)]
        return [*rollups, *([build(rest, sampling)] if len(rest) else [])]

    def _rows(self, part: Part, width: int) -> RollupRows:
        if HISTOGRAMS not in self._reads:
            return self._reader.counts(part, width)
        return (self._reader.ended if self._only_latencies else self._reader.rollups)(part, width)

    @property
    def _only_latencies(self) -> bool:
        return set(self._reads) == {HISTOGRAMS}

    def _kind(self, ended: Sequence[int] | None) -> Sequence[object]:
        if HISTOGRAMS not in self._reads:
            return ("counts",)
        if ended is not None:
            return ("latencies", *ended)
        return ("ended",) if self._only_latencies else ()

    def _add(self, rows: RollupRows, to: list[RollupRows]) -> None:
        if self._only_latencies:
            self._found.with_histograms.append(rows)
            return
        if HISTOGRAMS in self._reads:
            self._found.with_histograms.append(
                replace(rows, queue=select(rows.queue, _NONE), health=select(rows.health, _NONE))
            )
        to.append(self._wanted(rows))

    def _add_counts(self, part: Part, width: int, chosen: Callable[[RollupRows], RollupRows]) -> None:
        if {OPERATIONS, QUEUE, HEALTH} & set(self._reads):
            self._found.alone.append(self._wanted(chosen(self._reader.counts(part, width))))

    def _wanted(self, rows: RollupRows) -> RollupRows:
        """Leave away what was not asked for."""
        reads = self._reads
        return RollupRows(
            rows.series,
            rows.backends,
            without_histograms(rows.operations if OPERATIONS in reads else select(rows.operations, _NONE)),
            rows.queue if QUEUE in reads else select(rows.queue, _NONE),
            rows.health if HEALTH in reads else select(rows.health, _NONE),
        )


def joined_events(several: Sequence[EventColumns]) -> EventColumns:
    """Return the rows of any number of columns as one."""
    return concat_events(several) if several else EventColumns.empty()


def picked(rows: RollupRows, choice: Callable[[OperationRows | QueueRows | HealthRows], Array]) -> RollupRows:
    """Return the rows that a choice (a mask, for rows of each kind) picks."""

    def some(each: Rows) -> Rows:
        mask = choice(each)
        return each if mask.all() else select(each, mask)

    return RollupRows(rows.series, rows.backends, some(rows.operations), some(rows.queue), some(rows.health))
