"""What the tracker is held against: its rows kept as the head keeps them, and a plain model of operations."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from telemetryd.instrumentation import Instrumentation
from telemetryd.live.rows import Rows
from telemetryd.live.tracker import Tracker
from telemetryd.model.events import (
    BACKEND_HEALTH_CHANGE,
    IN_FLIGHT_STATUSES,
    NO_STATE,
    OPERATION_EXPIRED,
    STATES,
    TERMINAL_STATUSES,
    UNKNOWN,
    UNPLACED,
    BackendHealthChange,
    Event,
    OperationStart,
    StatusChange,
)
from telemetryd.model.settings import LiveSettings

Move = tuple[str, str, str]


class Silent:
    """A logger that says nothing."""

    def __getattr__(self, name: str) -> object:
        return lambda event, **values: None


def new_tracker(**limits: int) -> Tracker:
    return Tracker(replace(LiveSettings(), **limits), Instrumentation(Silent()))


@dataclass(frozen=True)
class Row:
    """One row by words: ``previous`` is a status, ``"none"`` or ``"unplaced"``; ``latency`` None where absent."""

    timestamp: int
    event: int
    operation_type: str
    backend: str
    status: str
    previous: str
    latency: float | None
    retry_count: int
    size: int
    error_type: str
    operation_id: str | None

    @property
    def is_entry(self) -> bool:
        """Whether the row counts as an entry into its status."""
        if self.event in (BACKEND_HEALTH_CHANGE, OPERATION_EXPIRED):
            return False
        return self.previous != self.status and self.previous not in TERMINAL_STATUSES

    @property
    def moves(self) -> Counter[Move]:
        """How the row moves the queue: +1 for the state it enters, -1 for the one it leaves."""
        moves: Counter[Move] = Counter()
        if self.event != BACKEND_HEALTH_CHANGE and self.previous != "unplaced":
            if self.previous in IN_FLIGHT_STATUSES and self.previous != self.status:
                moves[self.operation_type, self.backend, self.previous] -= 1
            if self.status in IN_FLIGHT_STATUSES and self.previous not in (self.status, *TERMINAL_STATUSES):
                moves[self.operation_type, self.backend, self.status] += 1
        return moves


class Table:
    """A tracker and all rows it gave, patched as the head would patch them."""

    def __init__(self, tracker: Tracker) -> None:
        self.tracker = tracker
        self.rows: dict[int, Row] = {}
        self.ended: Counter[tuple[float, str, str, float | None]] = Counter()
        self.sequence = 1

    def apply(self, events: Sequence[Event]) -> list[Row]:
        """Apply events at once; return their rows as they then are."""
        return self._take(self.tracker.apply(events, self.sequence))

    def expire(self, operation_ids: Sequence[str], at: float) -> list[Row]:
        return self._take(self.tracker.expire(operation_ids, at, self.sequence))

    def seal(self) -> None:
        """All rows so far are frozen."""
        self.tracker.table.seal(self.sequence - 1)

    @property
    def in_flight(self) -> Counter[Move]:
        """What the tracker says is in flight."""
        series = zip(self.tracker.series.keys, self.tracker.in_flight, strict=True)
        return +Counter(
            {(*key, word): count for key, counts in series for word, count in zip(STATES, counts, strict=False)}
        )

    @property
    def moved(self) -> Counter[Move]:
        """What the moves of all rows add up to."""
        total: Counter[Move] = Counter()
        for row in self.rows.values():
            total.update(row.moves)
        return Counter({key: count for key, count in total.items() if count})

    def _take(self, rows: Rows) -> list[Row]:
        first, self.sequence = self.sequence, self.sequence + len(rows)
        for at in range(len(rows)):
            self.rows[first + at] = self._row(rows, at)
        for patch in rows.patches:
            assert self.tracker.table.sealed < patch.sequence < self.sequence, "a patch is for rows that are not sealed"
            changes: dict[str, object] = {}
            if patch.previous is not None:
                changes["previous"] = word_of(patch.previous)
            if patch.series is not None:
                changes |= self.tracker.series.keys[patch.series]._asdict()
            if patch.latency is not None:
                changes["latency"] = known(patch.latency)
            self.rows[patch.sequence] = replace(self.rows[patch.sequence], **changes)  # type: ignore[arg-type]
        ends = rows.ended
        told = zip(ends.timestamp, ends.series, ends.status, ends.latency, strict=True)
        for (timestamp, number, status, latency), weight in zip(told, ends.weight, strict=True):
            end = timestamp, str(self.tracker.series.keys[number]), STATES[status], known(latency)
            self.ended[end] += weight
        return [self.rows[sequence] for sequence in range(first, self.sequence)]

    def _row(self, rows: Rows, at: int) -> Row:
        series, number = self.tracker.series, rows.series[at]
        return Row(
            round(rows.timestamp[at] * 1e6),
            rows.event[at],
            *(series.keys[number] if number >= 0 else ("", series.backends.names[~number])),
            word_of(rows.status[at]),
            word_of(rows.previous[at]),
            known(rows.latency[at]),
            rows.retry_count.get(at, -1),
            rows.size.get(at, -1),
            self.tracker.error_types.names[rows.error_type.get(at, 0)],
            rows.operation_id[at],
        )


def word_of(state: int) -> str:
    return {NO_STATE: "none", UNPLACED: "unplaced"}.get(state) or STATES[state]


def known(value: float) -> float | None:
    return None if math.isnan(value) else value


@dataclass
class Expected:
    """What a row should be: its type and backend, whether it is an entry, its moves, its latency."""

    operation_type: str
    backend: str
    entry: bool
    moves: Counter[Move]
    latency: float | None


def expected_rows(events: Sequence[Event]) -> list[Expected]:
    """Return what each row should be where nothing is sealed, by hindsight over all ``events``."""
    rows: dict[int, Expected] = {}
    ids = {event.operation_id for event in events if not isinstance(event, BackendHealthChange)}
    for operation_id in ids:
        arrivals = [(at, each) for at, each in enumerate(events) if getattr(each, "operation_id", "") == operation_id]
        rows.update(_operation(arrivals))
    return [rows[at] for at in sorted(rows)]


def _operation(arrivals: list[tuple[int, Event]]) -> Iterable[tuple[int, Expected]]:
    start = next(((at, each) for at, each in arrivals if isinstance(each, OperationStart)), None)
    statuses = [(at, each) for at, each in arrivals if isinstance(each, StatusChange)]
    end = next(((at, each) for at, each in statuses if each.status in TERMINAL_STATUSES), None)
    named = next(((at, name) for at, each in arrivals if (name := _name(each))), None)
    series = named[1] if named else (UNKNOWN, UNKNOWN)
    # The first end by arrival is the end; another one is no part of the story.
    story = [(each.timestamp, 1, at, each.status) for at, each in statuses if each.status not in TERMINAL_STATUSES]
    if end:
        story.append((end[1].timestamp, 1, end[0], end[1].status))
    out_of_step = bool(start and story and start[1].timestamp > min(story)[0])
    if start and not out_of_step:
        # A start comes first among equal timestamps, everything else by arrival.
        story.append((start[1].timestamp, 0, start[0], "pending"))
    state = "none"
    told: dict[int, Expected] = {}
    for _, _, at, status in sorted(story):
        told[at] = Expected(*series, False, Counter(), None)
        if state in TERMINAL_STATUSES or state == status:
            continue
        told[at].entry = True
        if named:
            if state != "none":
                told[at].moves[*series, state] -= 1
            if status not in TERMINAL_STATUSES:
                told[at].moves[*series, status] += 1
        state = status
    if start and out_of_step:
        told[start[0]] = Expected(*series, True, Counter(), None)
    if end:
        told[end[0]].latency = _latency(start and start[1], [each for at, each in statuses if at <= end[0]])
    for at, _ in arrivals:
        known_by_then = named is not None and named[0] <= at
        aside = Expected(*(series if known_by_then else (UNKNOWN, UNKNOWN)), False, Counter(), None)
        yield at, told.get(at, aside)


def _name(event: Event) -> tuple[str, str] | None:
    if isinstance(event, OperationStart | StatusChange) and event.operation_type and event.backend:
        return event.operation_type, event.backend
    return None


def _latency(start: Event | None, statuses: Sequence[StatusChange]) -> float | None:
    if start is not None:
        return max(0.0, statuses[-1].timestamp - start.timestamp)
    told = [each.latency for each in statuses if each.latency is not None]
    return told[-1] if told else None
