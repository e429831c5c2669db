"""Rollups as cells of an answer, beside the numbers of all events over time."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetryd.model.events import IN_FLIGHT_STATUSES
from telemetryd.rollup.build import build
from telemetryd.rollup.cells import GaugeCells, health_cells, operation_cells, queue_cells
from telemetryd.rollup.columns import IN_FLIGHT, Array, RollupRows
from telemetryd.rollup.merge import select
from tests.oracle.grid import Cell
from tests.oracle.statistics import over_time

from . import brute_force, samples
from .brute_force import Levels
from .samples import Row, columns

WIDTH = 60
# Cells of 1, 10 and 60 intervals over the three hours of the samples.
CELLS = st.sampled_from((60, 600, 3600))
STATES = st.sampled_from((*range(3), IN_FLIGHT))


def cells_of(width: int, first: int = 0, end: int = 3 * 3600) -> tuple[Array, Array]:
    begin = np.arange(first, end, width, dtype=np.int64)
    return begin, np.minimum(begin + width, end)


def inside(rows: RollupRows, first: int) -> RollupRows:
    picked = [select(each, each.start >= first) for each in (rows.operations, rows.queue, rows.health)]
    return RollupRows(rows.series, rows.backends, *picked)  # type: ignore[arg-type]


def assert_over_time(
    found: GaugeCells, row: int, levels: Levels, before: float | None, grid: tuple[Array, Array], horizon: float
) -> None:
    """Compare one series of a gauge with its levels, weighted by time."""
    for at, (begin, end) in enumerate(zip(*(each.tolist() for each in grid), strict=True)):
        expected = over_time(levels, before, Cell(begin, begin, end), horizon) if begin < horizon else None
        if expected is None:
            assert found.known[row, at] == 0
            assert math.isnan(found.mean[row, at])
            continue
        told = {"mean": found.mean, "min": found.minimum, "max": found.maximum, "last": found.last}
        numbers = {name: math.nan if value is None else value for name, value in expected.items()}
        assert {name: float(each[row, at]) for name, each in told.items()} == pytest.approx(numbers, nan_ok=True)


@given(samples.rows, CELLS)
def test_operations_add_up_by_series_and_cell(rows: list[Row], width: int) -> None:
    """Cells of whole intervals hold what a rollup of that width holds."""
    built, wide = build(columns(rows), WIDTH), build(columns(rows), width)
    found = operation_cells(built.operations, built.operations.start // width)
    alike = operation_cells(wide.operations, wide.operations.start // width)
    for name in type(found).__slots__:
        np.testing.assert_allclose(getattr(found, name), getattr(alike, name), rtol=1e-12)
    assert list(zip(found.series.tolist(), found.cell.tolist(), strict=True)) == sorted(
        set(zip(built.operations.series.tolist(), (built.operations.start // width).tolist(), strict=True))
    )


@given(samples.rows, CELLS, STATES, st.integers(0, 3), st.sampled_from((0, 1800, 4200)))
def test_the_queue_is_carried_forward(rows: list[Row], width: int, state: int, opening: int, first: int) -> None:
    """From its opening on, each cell is the number in flight weighted by time, also where nothing moved."""
    built = inside(build(columns(rows), WIDTH), first)
    words = IN_FLIGHT_STATUSES if state == IN_FLIGHT else IN_FLIGHT_STATUSES[state : state + 1]
    grid = cells_of(width, first)
    series = len(built.series)
    chosen = select(built.queue, built.queue.state == state)
    found = queue_cells(chosen, np.full(series, opening), np.zeros(series), *grid, math.inf)
    for code, key in enumerate(built.series):
        mine = [row for row in rows if brute_force.series(row) == key and row.at >= first]
        assert_over_time(found, code, brute_force.queue_levels(mine, words, opening), opening, grid, math.inf)


@given(samples.rows, CELLS, st.sampled_from((0, 1800, 4200)), st.sampled_from((None, 0.0, 0.5, 1.0)))
def test_health_is_carried_forward(rows: list[Row], width: int, first: int, before: float | None) -> None:
    """From what it was at the range's begin on, each cell is the health weighted by the time it is known."""
    built = inside(build(columns(rows), WIDTH), first)
    grid = cells_of(width, first)
    opening = np.full(len(built.backends), math.nan if before is None else before)
    found = health_cells(built.health, opening, *grid, math.inf)
    for code, backend in enumerate(built.backends):
        levels = [level for level in brute_force.health_levels(rows, backend) if level[0] >= first]
        assert_over_time(found, code, levels, before, grid, math.inf)


@given(st.lists(samples.health_rows, min_size=1), CELLS, st.integers(1, 14400).map(lambda quarter: quarter / 4))
def test_gauges_end_at_the_horizon(rows: list[Row], width: int, later: float) -> None:
    """What has not happened yet has no value; of the cell that holds the horizon the part before it counts."""
    horizon = max(row.at for row in rows) + later
    grid = cells_of(width)
    built = build(columns(rows), WIDTH)
    found = health_cells(built.health, np.full(len(built.backends), math.nan), *grid, horizon)
    for code, backend in enumerate(built.backends):
        assert_over_time(found, code, brute_force.health_levels(rows, backend), None, grid, horizon)


@given(samples.rows, CELLS, st.integers(1, 14400).map(lambda quarter: quarter / 4))
def test_the_queue_ends_at_the_horizon(rows: list[Row], width: int, later: float) -> None:
    """Like health, the queue is weighted over the time that has passed."""
    horizon = max((row.at for row in rows), default=0) + later
    grid = cells_of(width)
    built = build(columns(rows), WIDTH)
    series = len(built.series)
    chosen = select(built.queue, built.queue.state == IN_FLIGHT)
    found = queue_cells(chosen, np.zeros(series), np.zeros(series), *grid, horizon)
    for code, key in enumerate(built.series):
        mine = [row for row in rows if brute_force.series(row) == key]
        assert_over_time(found, code, brute_force.queue_levels(mine, IN_FLIGHT_STATUSES), 0, grid, horizon)


def test_a_queue_is_unknown_before_its_series_was_seen() -> None:
    """Cells that end before the first event of a series have no value; from then on nothing is a value too."""
    grid = cells_of(3600)
    nothing = build(columns([]), WIDTH).queue
    found = queue_cells(nothing, np.array([2, 2]), np.array([3600.0, 3599.0]), *grid, math.inf)
    assert found.known.tolist() == [[0.0, 3600.0, 3600.0], [3600.0, 3600.0, 3600.0]]
    assert found.mean[1].tolist() == [2.0, 2.0, 2.0]


def test_no_series_give_no_cells() -> None:
    """Gauges without series have no rows, and still one column a cell."""
    nothing = build(columns([]), WIDTH)
    grid = cells_of(3600)
    none = np.empty(0)
    assert queue_cells(nothing.queue, none, none, *grid, math.inf).mean.shape == (0, 3)
    assert health_cells(nothing.health, none, *grid, math.inf).mean.shape == (0, 3)
