"""All that a range holds for a query, read and put together, and its cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from telemetryd.model.events import COMPLETED, FAILED, IN_FLIGHT_STATUSES, STATUSES
from telemetryd.model.series import SeriesKey
from telemetryd.rollup.cells import GaugeCells, OperationCells, health_cells, operation_cells, queue_cells
from telemetryd.rollup.columns import IN_FLIGHT, Array, RollupRows
from telemetryd.rollup.merge import select

from .grid import Grid
from .request import Filters

ENDED = (COMPLETED, FAILED)


@dataclass(frozen=True, slots=True)
class Gathered:
    """Rollup rows inside the range, after the filters by type and backend, one row a key.

    ``keys`` and ``backends`` are those the gauges are known for; ``in_flight`` the numbers pending,
    processing and retrying when the range begins, one row a key; ``first_seen`` (Unix s);
    ``health`` each backend's value then (NaN unknown); ``horizon`` (Unix s): nothing is known beyond it.
    """

    rows: RollupRows
    keys: tuple[SeriesKey, ...]
    in_flight: Array
    first_seen: Array
    backends: tuple[str, ...]
    health: Array
    horizon: float

    def operations(self, grid: Grid, statuses: Sequence[int]) -> OperationCells:
        """Add up what happened by series and cell, of some statuses."""
        rows = self.rows.operations
        chosen = select(rows, np.isin(rows.status, statuses))
        return operation_cells(chosen, grid.cell_of(chosen.start))

    def queue(self, grid: Grid, state: int) -> GaugeCells:
        """Return the number in flight by key and cell, in one state or (``IN_FLIGHT``) in any."""
        index = {key: number for number, key in enumerate(self.keys)}
        code = np.array([index.get(key, -1) for key in self.rows.series], np.int32)
        rows = self.rows.queue
        chosen = select(rows, rows.state == state)
        chosen.series[:] = code[chosen.series] if len(chosen) else chosen.series
        opening = self.in_flight.sum(axis=1) if state == IN_FLIGHT else self.in_flight[:, state]
        return queue_cells(chosen, opening, self.first_seen, grid.begin, grid.end, self.horizon)

    def health_of_backends(self, grid: Grid) -> GaugeCells:
        """Return the health by backend and cell."""
        index = {name: number for number, name in enumerate(self.backends)}
        code = np.array([index.get(name, -1) for name in self.rows.backends], np.int32)
        chosen = select(self.rows.health, np.ones(len(self.rows.health), bool))
        chosen.backend[:] = code[chosen.backend] if len(chosen) else chosen.backend
        return health_cells(chosen, self.health, grid.begin, grid.end, self.horizon)


def ended_statuses(filters: Filters) -> Sequence[int]:
    """Return the terminal statuses that a status filter leaves."""
    if filters.status is None:
        return ENDED
    return tuple(code for code in ENDED if STATUSES[code] == filters.status)


def entered_statuses(filters: Filters) -> Sequence[int]:
    """Return the statuses that a status filter leaves."""
    return range(len(STATUSES)) if filters.status is None else (STATUSES.index(filters.status),)


def queue_state(filters: Filters) -> int | None:
    """Return the state in flight that a status filter leaves; None where it leaves none."""
    if filters.status is None:
        return IN_FLIGHT
    return IN_FLIGHT_STATUSES.index(filters.status) if filters.status in IN_FLIGHT_STATUSES else None


def matching(keys: Mapping[SeriesKey, float], filters: Filters) -> list[SeriesKey]:
    """Return the keys that the filters by type and backend leave, in order of their names."""
    return sorted(
        key
        for key in keys
        if filters.operation_type in (None, key.operation_type) and filters.backend in (None, key.backend)
    )
