"""What event rows mean: which are entries into a status, and how they move the queue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from telemetryd.model.events import BACKEND_HEALTH_CHANGE, COMPLETED, FAILED, UNPLACED
from telemetryd.model.series import SeriesKey

from .columns import Array, EventColumns
from .grouping import distinct


class Steps(Protocol):
    """What says of each row which status it leaves and which it tells of; ``EventColumns`` does."""

    @property
    def event(self) -> Array: ...

    @property
    def status(self) -> Array: ...

    @property
    def previous(self) -> Array: ...


@dataclass(frozen=True, slots=True)
class Moves:
    """Per row of operations: the state it leaves and the one it enters in the queue; -1 for none."""

    leaves: Array
    enters: Array


def is_operation(events: Steps) -> Array:
    """Return a mask of the rows that speak of an operation."""
    return np.asarray(events.event != BACKEND_HEALTH_CHANGE)


def is_entry(events: Steps) -> Array:
    """Return a mask of the rows that enter their status: no repeats, and nothing after the end."""
    status, previous = events.status, events.previous
    after_end = (previous == COMPLETED) | (previous == FAILED)
    return np.asarray(is_operation(events) & (status <= FAILED) & (previous != status) & ~after_end)


def moves(events: EventColumns) -> Moves:
    """Return how each row moves the queue; rows that are unplaced move nothing."""
    status, previous = events.status, events.previous
    placed = is_operation(events) & (previous != UNPLACED) & (status != previous)
    leaves = placed & (previous < COMPLETED)
    enters = placed & (status < COMPLETED) & (previous != COMPLETED) & (previous != FAILED)
    return Moves(
        np.where(leaves, previous, -1).astype(np.int8),
        np.where(enters, status, -1).astype(np.int8),
    )


def series_of(events: EventColumns) -> tuple[Array, tuple[SeriesKey, ...]]:
    """Return each row's series as a code (int64), and the keys that the codes point into."""
    width = len(events.backends) + 1
    (pairs,), codes = distinct(events.operation_type.astype(np.int64) * width + events.backend)
    keys = tuple(
        SeriesKey(events.operation_types[pair // width], events.backends[pair % width]) for pair in pairs.tolist()
    )
    return codes, keys
