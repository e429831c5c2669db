"""The eight metrics, one row of ``DEFINITIONS`` each: what a sample holds, and which number it stands for."""

from __future__ import annotations

from collections.abc import Callable, Sized
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

import numpy as np

from telemetryd.model.events import COMPLETED, FAILED, PENDING, RETRYING, STATUSES
from telemetryd.model.series import SeriesKey
from telemetryd.rollup.cells import GaugeCells, OperationCells
from telemetryd.rollup.columns import Array

from .gathered import (
    ENDED,
    HEALTH,
    HISTOGRAMS,
    OPERATIONS,
    QUEUE,
    Gathered,
    ended_statuses,
    entered_statuses,
    queue_state,
)
from .grid import Grid
from .request import Filters
from .result import MetricTable

Samples: TypeAlias = Callable[[Gathered, Grid, Filters], MetricTable]


@dataclass(frozen=True, slots=True)
class Definition:
    """How a metric's samples are made, and the statistic that aggregation works on.

    ``lowest`` and ``highest`` name the statistics that ``minimum`` and ``maximum`` work on. ``pooled``:
    its ``average`` is that of the whole range, not that of the samples. ``gauge``: it has a sample in
    every cell that is known, for each of the keys that this returns. ``own_values``: aggregation
    works on the operations themselves, whose statistics the sample of the whole range holds. ``reads``
    says which rows its samples are made of.
    """

    samples: Samples
    value: str
    lowest: str
    highest: str
    pooled: bool = False
    gauge: Callable[[Gathered], Sized] | None = None
    own_values: bool = False
    reads: tuple[str, ...] = (OPERATIONS,)

    def needs_samples(self, aggregation: str | None) -> bool:
        """Whether the answer is made of samples, or of the whole range alone."""
        return aggregation is None or not (self.own_values or (self.pooled and aggregation == "average"))


def _operation_count(data: Gathered, grid: Grid, filters: Filters) -> MetricTable:
    statuses = entered_statuses(filters)
    cells = data.operations(grid, statuses)
    count = cells.entries[:, PENDING if filters.status is None else statuses[0]]
    columns = {STATUSES[code]: cells.entries[:, code] for code in statuses}
    return _table(data, grid, cells, cells.entries.sum(axis=1) > 0, {"count": count, **columns})


def _operation_latency(data: Gathered, grid: Grid, filters: Filters) -> MetricTable:
    keys, found = data.latencies(grid, ended_statuses(filters))
    statistics = {
        "count": found.count,
        "sum": found.sum,
        "mean": found.sum / found.count,
        "median": found.median,
        "min": found.minimum,
        "max": found.maximum,
        "percentile_95": found.percentile_95,
        "percentile_99": found.percentile_99,
    }
    return _in_order(keys, grid, found.series, found.cell, statistics)


def _rate_of(status: int) -> Samples:
    def rate(data: Gathered, grid: Grid, filters: Filters) -> MetricTable:
        cells = data.operations(grid, ENDED)
        ended = cells.entries[:, COMPLETED] + cells.entries[:, FAILED]
        value = cells.entries[:, status] / np.maximum(ended, 1)
        return _table(data, grid, cells, ended > 0, {"value": value, "count": ended})

    return rate


def _throughput(data: Gathered, grid: Grid, filters: Filters) -> MetricTable:
    cells = data.operations(grid, ended_statuses(filters))
    ended = cells.entries.sum(axis=1)
    seconds = (grid.end - grid.begin)[cells.cell]
    return _table(data, grid, cells, ended > 0, {"value": ended * 60 / seconds, "count": ended})


def _retry_count(data: Gathered, grid: Grid, filters: Filters) -> MetricTable:
    cells = data.operations(grid, (RETRYING,))
    count = cells.entries[:, RETRYING]
    return _table(data, grid, cells, count > 0, {"count": count})


def _queue_size(data: Gathered, grid: Grid, filters: Filters) -> MetricTable:
    state = queue_state(filters)
    if state is None:
        return MetricTable((), np.empty(0, np.int32), np.empty(0, np.int64), _gauge_columns(None))
    return _gauge_table(data.keys, grid, data.queue(grid, state))


def _backend_health(data: Gathered, grid: Grid, filters: Filters) -> MetricTable:
    return _gauge_table(data.backends, grid, data.health_of_backends(grid))


DEFINITIONS = MappingProxyType(
    {
        "operation_count": Definition(_operation_count, "count", "count", "count"),
        "operation_latency": Definition(_operation_latency, "mean", "min", "max", own_values=True, reads=(HISTOGRAMS,)),
        "success_rate": Definition(_rate_of(COMPLETED), "value", "value", "value", pooled=True),
        "error_rate": Definition(_rate_of(FAILED), "value", "value", "value", pooled=True),
        "backend_health": Definition(
            _backend_health, "mean", "min", "max", gauge=lambda data: data.backends, reads=(HEALTH,)
        ),
        "throughput": Definition(_throughput, "value", "value", "value", pooled=True),
        "queue_size": Definition(_queue_size, "mean", "min", "max", gauge=lambda data: data.keys, reads=(QUEUE,)),
        "retry_count": Definition(_retry_count, "count", "count", "count"),
    }
)


def _table(data: Gathered, grid: Grid, cells: OperationCells, kept: Array, statistics: dict[str, Array]) -> MetricTable:
    columns = {name: column[kept] for name, column in statistics.items()}
    return _in_order(data.rows.series, grid, cells.series[kept], cells.cell[kept], columns)


def _in_order(
    keys: tuple[SeriesKey, ...], grid: Grid, series: Array, cell: Array, statistics: dict[str, Array]
) -> MetricTable:
    # Codes in order of the keys' names, so that the series of every answer come in one order.
    names = sorted(keys)
    rank = {key: number for number, key in enumerate(names)}
    code = np.array([rank[key] for key in keys], np.int32)
    series = code[series] if len(code) else series.astype(np.int32)
    order = np.lexsort((cell, series))
    columns = {name: column[order] for name, column in statistics.items()}
    return MetricTable(tuple(names), series[order], grid.start[cell[order]], columns)


def _gauge_table(keys: tuple[object, ...], grid: Grid, cells: GaugeCells) -> MetricTable:
    series, cell = np.nonzero(cells.known > 0)
    columns = {name: column[series, cell] for name, column in _gauge_columns(cells).items()}
    return MetricTable(keys, series.astype(np.int32), grid.start[cell], columns)  # type: ignore[arg-type]


def _gauge_columns(cells: GaugeCells | None) -> dict[str, Array]:
    if cells is None:
        return {name: np.empty(0) for name in ("mean", "min", "max", "last")}
    return {"mean": cells.mean, "min": cells.minimum, "max": cells.maximum, "last": cells.last}
