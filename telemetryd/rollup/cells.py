"""Rollup rows to cells of an answer: operations are added up, gauges are carried forward."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from telemetryd.model.events import STATUSES

from .columns import Array, HealthRows, OperationRows, QueueRows
from .grouping import distinct
from .merge import merge_histograms


@dataclass(frozen=True, slots=True)
class OperationCells:
    """What happened per series and cell, one row for each pair that has any rows, in that order.

    ``entries`` int64, one column a status; ``count``, ``sum``, ``minimum``, ``maximum`` and the sparse
    histograms are of latencies (s).
    """

    series: Array
    cell: Array
    entries: Array
    count: Array
    sum: Array
    minimum: Array
    maximum: Array
    offset: Array
    bucket: Array
    bucket_count: Array


def operation_cells(rows: OperationRows, cell: Array) -> OperationCells:
    """Add rows up by series and by ``cell`` (an index for each row)."""
    (series, cells), group = distinct(rows.series, cell)
    size = len(series)
    entries = np.bincount(group * len(STATUSES) + rows.status, rows.entries, size * len(STATUSES))
    minimum, maximum = np.full(size, np.inf), np.full(size, -np.inf)
    np.minimum.at(minimum, group, rows.minimum)
    np.maximum.at(maximum, group, rows.maximum)
    return OperationCells(
        series,
        cells,
        entries.astype(np.int64).reshape(size, len(STATUSES)),
        np.bincount(group, rows.count, size).astype(np.int64),
        np.bincount(group, rows.sum, size).astype(np.float64),
        minimum,
        maximum,
        *merge_histograms(rows, group, size),
    )


@dataclass(frozen=True, slots=True)
class GaugeCells:
    """A gauge per series (rows) and cell (columns): matrices of one shape, float64.

    ``known`` seconds of each cell for which there is a value; the others are NaN where it is 0.
    """

    known: Array
    mean: Array
    minimum: Array
    maximum: Array
    last: Array


def queue_cells(
    rows: QueueRows, opening: Array, first_seen: Array, begin: Array, end: Array, horizon: float
) -> GaugeCells:
    """Return the number in flight, weighted by time, of one state.

    ``opening`` is each series' number at the first cell's begin, ``first_seen`` when its first event was
    (Unix s). A cell is known if it ends after ``first_seen`` and begins before the ``horizon``, beyond which
    nothing is known yet; of the cell that holds it only the part before it counts.
    """
    series, cells = len(opening), len(begin)
    order = np.lexsort((rows.start, rows.series))
    owner, start, net = rows.series[order].astype(np.int64), rows.start[order], rows.net[order]
    cell = np.searchsorted(begin, start, side="right") - 1
    at = owner * cells + cell
    shape = (series, cells)
    moved = np.bincount(at, net, series * cells).reshape(shape)
    last = opening[:, None] + np.cumsum(moved, axis=1)
    at_begin = last - moved
    # Between rows the number stands still, so a row moves the rest of its cell by its net.
    rest = net * (end[cell] - (start + rows.width[order]))
    integral = at_begin * (end - begin).astype(np.float64) + np.bincount(
        at, rows.integral[order] + rest, series * cells
    ).reshape(shape)
    until = np.clip(horizon, begin, end)
    integral = integral - last * (end - until)
    level = opening[owner] + np.cumsum(net) - net
    if len(owner):
        before = np.concatenate([[0], np.cumsum(np.bincount(owner, net, series))])[:-1]
        level = level - before[owner]
    first = np.full(series * cells, np.inf)
    np.minimum.at(first, at, start.astype(np.float64))
    stood = first.reshape(shape) > begin
    minimum, maximum = np.where(stood, at_begin, np.inf).ravel(), np.where(stood, at_begin, -np.inf).ravel()
    np.minimum.at(minimum, at, level + rows.minimum[order])
    np.maximum.at(maximum, at, level + rows.maximum[order])
    known = np.where(end > first_seen[:, None], until - begin, 0.0)
    return _gauge(known, integral, minimum.reshape(shape), maximum.reshape(shape), last)


def health_cells(rows: HealthRows, opening: Array, begin: Array, end: Array, horizon: float) -> GaugeCells:
    """Return the health, weighted by the time for which it is known.

    ``opening`` is each backend's health at the first cell's begin, NaN where unknown.
    """
    found = [_one_backend(rows, code, value, begin, end, horizon) for code, value in enumerate(opening.tolist())]
    if not found:
        empty = np.empty((0, len(begin)))
        return GaugeCells(empty, empty, empty, empty, empty)
    known, integral, minimum, maximum, last = (np.stack(each) for each in zip(*found, strict=True))
    return _gauge(known, integral, minimum, maximum, last)


def _one_backend(
    rows: HealthRows, code: int, opening: float, begin: Array, end: Array, horizon: float
) -> tuple[Array, Array, Array, Array, Array]:
    mine = np.flatnonzero(rows.backend == code)
    mine = mine[np.argsort(rows.start[mine], kind="stable")]
    start, lasts, cells = rows.start[mine], rows.last[mine], len(begin)
    cell = np.searchsorted(begin, start, side="right") - 1
    carried = np.concatenate([[opening], lasts])
    # Index of the last row before each cell's begin and end; the health then is carried[index].
    before = np.searchsorted(start, begin, side="left")
    after = np.searchsorted(start, end, side="left")
    at_begin, at_end = carried[before], carried[after]
    # From the end of the row before (or the cell's begin) to the first change of this row.
    previous = np.concatenate([[-np.inf], (start + rows.width[mine])[:-1]]) if len(mine) else start.astype(np.float64)
    still = start + rows.lead[mine] - np.maximum(previous, begin[cell])
    held = carried[:-1]
    tail_from = np.where(after > before, np.concatenate([[0.0], start + rows.width[mine]])[after], begin)
    tail = end - tail_from
    known = np.bincount(cell, rows.known[mine] + np.where(np.isnan(held), 0.0, still), cells)
    integral = np.bincount(cell, rows.integral[mine] + np.where(np.isnan(held), 0.0, held * still), cells)
    until = np.clip(horizon, begin, end)
    standing = np.isfinite(at_end)
    known = known + np.where(standing, tail - (end - until), 0.0)
    integral = integral + np.where(standing, at_end * (tail - (end - until)), 0.0)
    minimum, maximum = np.full(cells, np.inf), np.full(cells, -np.inf)
    np.minimum.at(minimum, cell, np.minimum(rows.minimum[mine], _where_held(held, still, np.inf)))
    np.maximum.at(maximum, cell, np.maximum(rows.maximum[mine], _where_held(held, still, -np.inf)))
    quiet = (after == before) & standing
    minimum, maximum = np.where(quiet, at_begin, minimum), np.where(quiet, at_begin, maximum)
    return known, integral, minimum, maximum, at_end


def _where_held(value: Array, seconds: Array, otherwise: float) -> Array:
    return np.where((seconds > 0) & ~np.isnan(value), value, otherwise)


def _gauge(known: Array, integral: Array, minimum: Array, maximum: Array, last: Array) -> GaugeCells:
    has = known > 1e-9

    def where_known(values: Array) -> Array:
        return np.where(has, values, np.nan)

    mean = np.divide(integral, known, out=np.full(known.shape, np.nan), where=has)
    return GaugeCells(
        np.where(has, known, 0.0),
        # Rows of sources that in truth interleave, or that are wider than a cell, tell it but roughly.
        np.clip(mean, minimum, maximum),
        where_known(minimum),
        where_known(maximum),
        where_known(last.astype(np.float64)),
    )
