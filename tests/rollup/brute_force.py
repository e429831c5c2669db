"""What event rows mean, row by row in plain Python."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from telemetryd.model.events import BACKEND_HEALTH_CHANGE, IN_FLIGHT_STATUSES, STATUSES, TERMINAL_STATUSES

from .samples import Row

Series = tuple[str, str]
# (instant, number from then on), in order of time.
Levels = list[tuple[float, float | None]]
VALUES = {"online": 1.0, "degraded": 0.5, "offline": 0.0, "unknown": None}


def series(row: Row) -> Series:
    return row.operation_type, row.backend


def is_entry(row: Row) -> bool:
    """Whether the row enters its status: no repeat, and not after the end."""
    of_operation = row.event != BACKEND_HEALTH_CHANGE and row.status in STATUSES
    return of_operation and row.previous not in (row.status, *TERMINAL_STATUSES)


def moves(row: Row) -> Counter[str]:
    """How the row moves the queue: -1 in the state it leaves, +1 in the one it enters."""
    if row.event == BACKEND_HEALTH_CHANGE or row.previous in (row.status, "unplaced", *TERMINAL_STATUSES):
        return Counter()
    found: Counter[str] = Counter()
    if row.previous in IN_FLIGHT_STATUSES:
        found[row.previous] -= 1
    if row.status in IN_FLIGHT_STATUSES:
        found[row.status] += 1
    return found


def moved(rows: Iterable[Row], states: Sequence[str]) -> list[tuple[float, int]]:
    """Return how the number in some states changes: one step for each instant, in order, none of them zero."""
    steps: Counter[float] = Counter()
    for row in rows:
        steps[row.at] += sum(step for state, step in moves(row).items() if state in states)
    return [(at, step) for at, step in sorted(steps.items()) if step]


def queue_levels(rows: Iterable[Row], states: Sequence[str], opening: int = 0) -> Levels:
    """Return the number in some states, from each of its changes on."""
    levels: Levels = []
    number = opening
    for at, step in moved(rows, states):
        number += step
        levels.append((at, number))
    return levels


def health_levels(rows: Iterable[Row], backend: str) -> Levels:
    """Return a backend's health from each change on; the last of one instant holds."""
    mine = [row for row in rows if row.event == BACKEND_HEALTH_CHANGE and row.backend == backend]
    return list({row.at: VALUES[row.status] for row in sorted(mine, key=lambda row: row.at)}.items())
