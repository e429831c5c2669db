"""A drawing's samples as frames: by series and time, on one grid, with gaps where nothing is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from telemetryd.model.timerange import TimeRange
from telemetryd.query.grid import Grid, grid, most_cells
from telemetryd.rollup.columns import Array

from .drawing import Drawing
from .sampling import Bins

# A grid of more cells is made of those alone that have samples.
MOST_CELLS = 2_000_000


@dataclass(frozen=True, slots=True)
class Frame:
    """The samples of a drawing, as columns: series after series, oldest first.

    ``series`` holds codes into the drawing's keys, ``cell`` numbers of ``cells``, and each of ``statistics``
    float64, NaN where absent.
    """

    drawing: Drawing
    cells: Grid
    series: Array
    cell: Array
    statistics: dict[str, Array]

    @classmethod
    def of(cls, drawing: Drawing) -> Frame:
        """Return the frame of a drawing. What lies outside its range, or says nothing, is left out.

        Of two samples of a series in one cell the last counts.
        """
        series = np.frombuffer(drawing.series, np.int32)
        timestamp = np.frombuffer(drawing.timestamp, np.int64)
        cells = _cells(drawing, timestamp)
        cell = cells.cell_of(timestamp)
        columns = {name: _finite(np.frombuffer(column)) for name, column in drawing.statistics.items()}
        known = np.logical_or.reduce([np.isfinite(column) for column in columns.values()])
        kept = _in_order(series, cell, known & (cell >= 0) & (timestamp < drawing.end))
        return cls(drawing, cells, series[kept], cell[kept], {name: column[kept] for name, column in columns.items()})

    @property
    def empty(self) -> bool:
        return not len(self.series)

    @property
    def known_until(self) -> float:
        """Up to when anything can be known, in Unix seconds: the end of the range, or now."""
        return min(float(self.drawing.end), self.drawing.now)

    def total(self, *names: str) -> Array:
        """Return the sum of a column, or of a product of columns, over all samples of each series."""
        weights = np.nan_to_num(np.prod([self.statistics[name] for name in names], axis=0))
        return np.bincount(self.series, weights, minlength=len(self.drawing.keys))

    def average(self, name: str) -> Array:
        """Return the mean of a statistic over the time it is known, of each series; 0 where it never is."""
        value, seconds = self.statistics[name], (self.cells.end - self.cells.begin)[self.cell]
        weight = np.where(np.isfinite(value), seconds, 0.0)
        number = len(self.drawing.keys)
        area = np.bincount(self.series, np.nan_to_num(value) * weight, minlength=number)
        return area / np.maximum(np.bincount(self.series, weight, minlength=number), 1.0)

    def line(self, code: int, *names: str) -> tuple[Array, ...]:
        """Return the cells of one series and some statistics there, without those where one is absent."""
        first, last = np.searchsorted(self.series, [code, code + 1])
        values = [self.statistics[name][first:last] for name in names]
        known = np.logical_and.reduce([np.isfinite(value) for value in values])
        return self.cell[first:last][known], *(value[known] for value in values)

    def on(self, bins: Bins, name: str, how: Literal["sum", "max", "min"]) -> pd.DataFrame:
        """Return a statistic on a regular grid: one row a bin, one column a series, NaN where no sample is."""
        return self._reduced(bins, self.statistics[name], {"sum": np.add, "max": np.maximum, "min": np.minimum}[how])

    def mean_on(self, bins: Bins, name: str, weight: str | None = None) -> pd.DataFrame:
        """Return the weighted mean of a statistic on the grid, by another one or else by the cells' seconds."""
        value = self.statistics[name]
        weights = (self.cells.end - self.cells.begin)[self.cell] * 1.0 if weight is None else self.statistics[weight]
        weights = np.where(np.isfinite(value) & (weights > 0), weights, np.nan)
        return self._reduced(bins, value * weights, np.add) / self._reduced(bins, weights, np.add)

    def _reduced(self, bins: Bins, value: Array, reduce: np.ufunc) -> pd.DataFrame:
        known = np.isfinite(value)
        row, column = bins.of_cell[self.cell[known]], self.series[known]
        table = np.full((len(bins), len(self.drawing.keys)), np.nan)
        if known.any():
            # Samples of one series in one bin are neighbours.
            first = np.flatnonzero(np.concatenate([[True], (np.diff(row) != 0) | (np.diff(column) != 0)]))
            table[row[first], column[first]] = reduce.reduceat(value[known], first)
        return pd.DataFrame(table, copy=False)


def largest(totals: Array, most: int) -> tuple[list[int], list[int]]:
    """Return the codes of the ``most`` largest series, largest first, and those of the rest.

    A rest of one is no rest: it takes the same room as its name.
    """
    order = [int(code) for code in np.argsort(-totals, kind="stable")]
    return (order, []) if len(order) <= most + 1 else (order[:most], order[most:])


def summed(table: pd.DataFrame, codes: Sequence[int]) -> Array:
    """Return the sum of some columns of a table, NaN where all of them are."""
    columns = table.to_numpy()[:, list(codes)]
    return np.where(np.isfinite(columns).any(axis=1), np.nansum(columns, axis=1), np.nan)


def _cells(drawing: Drawing, timestamp: Array) -> Grid:
    span = TimeRange(drawing.start, max(drawing.start, drawing.end))
    if most_cells(span, drawing.interval) <= MOST_CELLS:
        return grid(span, drawing.interval)
    start = np.unique(timestamp)
    end = np.minimum(start + drawing.interval, np.append(start[1:], drawing.end))
    return Grid(start, np.maximum(start, drawing.start), np.minimum(end, drawing.end))


def _finite(column: Array) -> Array:
    return np.where(np.isfinite(column), column, np.nan)


def _in_order(series: Array, cell: Array, kept: Array) -> Array:
    """Return the positions of samples by series and cell, of the ``kept`` ones, of two alike the last.

    They come so from a query, and then nothing is to be done.
    """
    positions = np.flatnonzero(kept)
    key = series[positions].astype(np.int64) * (1 << 32) + cell[positions]
    if (np.diff(key) > 0).all():
        return positions
    order = np.argsort(key, kind="stable")
    last: Array = positions[order][np.append(np.diff(key[order]) > 0, True)]
    return last
