"""What really happened, told by a list of events: entries, ends, levels of queues, health.

The rules, each from the contract:

* An operation's events are put in the order of their timestamps, ties in order of arrival.
* An operation's type and backend are those of its start, else those of the first status that
  carries both, else ``unknown`` and ``unknown``.
* Only the first start that arrives counts; another is a repeat. A status that the operation is
  already in is a repeat. A status after the first terminal one is a contradiction. Neither counts.
* Every other event is an *entry* into its status; a start enters ``pending``.
* Latency is from the start to the terminal status; where the start is unknown it is what the
  terminal status itself tells, else none.
* A series' queue holds its operations between their first entry and their end. An operation of
  unknown type and backend is in no queue.
* A backend's health is what its newest change says, ordered like the events of an operation.

Open in the contract, and so never put into a history that is compared with the daemon: a start
stamped later than a status of its operation; terminal statuses that arrive in another order than
their timestamps; statuses that disagree with their start about type or backend.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

Event = Mapping[str, Any]
Series = tuple[str, str]

IN_FLIGHT = ("pending", "processing", "retrying")
TERMINAL = ("completed", "failed")
STATUSES = (*IN_FLIGHT, *TERMINAL)
HEALTH_VALUES: dict[str, float | None] = {"online": 1.0, "degraded": 0.5, "offline": 0.0, "unknown": None}
UNKNOWN = ("unknown", "unknown")


class Entry(NamedTuple):
    """An operation of ``series`` entered ``status`` at ``time`` (Unix s)."""

    time: float
    series: Series
    status: str


class End(NamedTuple):
    """An operation of ``series`` ended at ``time``, after ``latency`` s where that is known."""

    time: float
    series: Series
    status: str
    latency: float | None


class Move(NamedTuple):
    """An operation left one state in flight for another; None stands for outside of the queue."""

    time: float
    left: str | None
    entered: str | None


@dataclass(slots=True)
class History:
    """The facts that all metrics are made of; times in Unix seconds, everything in time order.

    ``moves[series]`` are the moves of its queue, ``first_seen[series]`` the earliest timestamp of
    any event of an operation of it. ``health[backend]`` are (time, value), None for unknown.
    ``newest`` is the newest timestamp of all.
    """

    entries: list[Entry] = field(default_factory=list)
    ends: list[End] = field(default_factory=list)
    moves: dict[Series, list[Move]] = field(default_factory=dict)
    first_seen: dict[Series, float] = field(default_factory=dict)
    health: dict[str, list[tuple[float, float | None]]] = field(default_factory=dict)
    newest: float = float("-inf")


def history_of(events: Sequence[Event]) -> History:
    """Return what happened, from events in order of arrival."""
    history = History(newest=max((event["timestamp"] for event in events), default=float("-inf")))
    operations: dict[str, list[Event]] = {}
    changes: list[Event] = []
    for event in events:
        if event["event"] == "backend_health_change":
            changes.append(event)
        else:
            operations.setdefault(event["operation_id"], []).append(event)
    for arrived in operations.values():
        _live_through(arrived, history)
    # sorted() keeps the order of arrival among equal timestamps.
    for change in sorted(changes, key=lambda change: change["timestamp"]):
        levels = history.health.setdefault(change["backend"], [])
        levels.append((change["timestamp"], HEALTH_VALUES[change["new_status"]]))
    history.entries.sort(key=lambda entry: entry.time)
    history.ends.sort(key=lambda end: end.time)
    for moves in history.moves.values():
        moves.sort(key=lambda move: move.time)
    return history


def series_of(arrived: Sequence[Event]) -> Series:
    """Return the type and backend of one operation, from its events in order of arrival."""
    starts = [event for event in arrived if event["event"] == "operation_start"]
    tellers = starts or [event for event in arrived if event.get("operation_type") and event.get("backend")]
    return (tellers[0]["operation_type"], tellers[0]["backend"]) if tellers else UNKNOWN


def _live_through(arrived: Sequence[Event], history: History) -> None:
    """Add the facts of one operation."""
    series = series_of(arrived)
    starts = [at for at, event in enumerate(arrived) if event["event"] == "operation_start"]
    started = arrived[starts[0]]["timestamp"] if starts else None
    if series != UNKNOWN:
        first = min(event["timestamp"] for event in arrived)
        history.first_seen[series] = min(first, history.first_seen.get(series, first))
    state: str | None = None
    for at in sorted(range(len(arrived)), key=lambda at: arrived[at]["timestamp"]):
        event = arrived[at]
        time, status = event["timestamp"], event.get("status", "pending")
        if state in TERMINAL or status == state or at in starts[1:]:
            continue
        history.entries.append(Entry(time, series, status))
        if status in TERMINAL:
            latency = event.get("latency") if started is None else max(0.0, time - started)
            history.ends.append(End(time, series, status, latency))
        if series != UNKNOWN:
            move = Move(time, state, status if status in IN_FLIGHT else None)
            history.moves.setdefault(series, []).append(move)
        state = status
