"""Latencies per series and cell: their statistics, without the histograms that they were told by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from telemetryd.model.series import SeriesKey

from .cells import OperationCells
from .columns import Array
from .histogram import quantiles


@dataclass(frozen=True, slots=True)
class Latencies:
    """One row for each series and cell with any, in no order: ``series`` and ``cell`` are codes, the others as a sample has them."""

    series: Array
    cell: Array
    count: Array
    sum: Array
    minimum: Array
    maximum: Array
    median: Array
    percentile_95: Array
    percentile_99: Array

    def __len__(self) -> int:
        return len(self.series)

    @property
    def nbytes(self) -> int:
        return sum(getattr(self, each.name).nbytes for each in fields(self))

    def take(self, choice: Array) -> Latencies:
        """Return the rows that a mask, or indices, pick."""
        return Latencies(*(getattr(self, each.name)[choice] for each in fields(self)))


@dataclass(frozen=True, slots=True)
class KeyedLatencies:
    """Latencies of some stretch: their ``series`` point into ``keys``, their ``cell`` is the start of its interval (Unix s)."""

    keys: tuple[SeriesKey, ...]
    rows: Latencies


def latencies_of(cells: OperationCells) -> Latencies:
    """Return what some cells say of latencies; those without any are left out."""
    histogram = (cells.offset, cells.bucket, cells.bucket_count, cells.minimum, cells.maximum, cells.count)
    told = Latencies(
        cells.series,
        cells.cell,
        cells.count,
        cells.sum,
        cells.minimum,
        cells.maximum,
        *(quantiles(*histogram, q) for q in (0.5, 0.95, 0.99)),
    )
    some = cells.count > 0
    return told if some.all() else told.take(some)


def stacked(several: Sequence[Latencies]) -> Latencies:
    """Return the rows of one or more, one after the other."""
    if len(several) == 1:
        return several[0]
    return Latencies(*(np.concatenate([getattr(rows, each.name) for rows in several]) for each in fields(Latencies)))
