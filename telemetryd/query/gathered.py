"""All that a range holds for a query, read and put together, and its cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from telemetryd.model.events import COMPLETED, FAILED, IN_FLIGHT_STATUSES, STATUSES
from telemetryd.model.series import SeriesKey
from telemetryd.rollup.cells import GaugeCells, OperationCells, health_cells, operation_cells, queue_cells
from telemetryd.rollup.columns import IN_FLIGHT, Array, RollupRows
from telemetryd.rollup.latencies import KeyedLatencies, Latencies, latencies_of, stacked
from telemetryd.rollup.merge import select, with_status

from .grid import Grid
from .request import Filters

ENDED = (COMPLETED, FAILED)
# What of the rollups a metric may be made of; histograms are those of latencies.
OPERATIONS, HISTOGRAMS, QUEUE, HEALTH = "operations", "histograms", "queue", "health"
EVERYTHING = frozenset({OPERATIONS, HISTOGRAMS, QUEUE, HEALTH})


@dataclass(frozen=True, slots=True)
class Gathered:
    """Rollup rows inside the range, after the filters by type and backend.

    What was not asked for is not there: rows of that kind, and what belongs to their gauge. Only the
    operations of ``detailed`` have their histograms; of stretches that are not among them
    ``remembered`` has the latencies, in intervals which are the cells asked for.
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
    detailed: RollupRows
    remembered: tuple[KeyedLatencies, ...] = ()

    def operations(self, grid: Grid, statuses: Sequence[int]) -> OperationCells:
        """Add up what happened by series and cell, of some statuses."""
        return _operations(self.rows, grid, statuses)

    def latencies(self, grid: Grid, statuses: Sequence[int]) -> tuple[tuple[SeriesKey, ...], Latencies]:
        """Return the latencies of operations that ended in some statuses, by series and cell, and the series' keys."""
        keys = {key: code for code, key in enumerate(self.detailed.series)}
        found = [latencies_of(_operations(self.detailed, grid, statuses))]
        for each in self.remembered:
            code = np.array([keys.setdefault(key, len(keys)) for key in each.keys], np.int64)
            series = code[each.rows.series] if len(code) else each.rows.series
            found.append(replace(each.rows, series=series, cell=grid.cell_of(each.rows.cell)))
        return tuple(keys), stacked(found)

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


def remembered_of(found: KeyedLatencies, filters: Filters) -> KeyedLatencies:
    """Return the latencies of the series that the filters by type and backend leave."""
    wanted = set(matching(dict.fromkeys(found.keys, 0.0), filters))
    if len(wanted) == len(found.keys):
        return found
    chosen = np.array([key in wanted for key in found.keys], bool)
    return KeyedLatencies(found.keys, found.rows.take(chosen[found.rows.series]))


def _operations(rows: RollupRows, grid: Grid, statuses: Sequence[int]) -> OperationCells:
    chosen = with_status(rows.operations, statuses)
    return operation_cells(chosen, grid.cell_of(chosen.start))


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
