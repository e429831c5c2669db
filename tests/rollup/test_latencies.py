"""Latencies per series and cell."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from telemetryd.model.events import COMPLETED, FAILED
from telemetryd.rollup.build import build
from telemetryd.rollup.cells import operation_cells
from telemetryd.rollup.latencies import Latencies, latencies_of, stacked
from telemetryd.rollup.merge import with_status

from . import samples
from .samples import Row, columns


def found(rows: list[Row], cell: int = 3600) -> Latencies:
    operations = with_status(build(columns(rows), 60).operations, (COMPLETED, FAILED))
    return latencies_of(operation_cells(operations, operations.start // cell))


def test_statistics_are_those_of_the_operations() -> None:
    """The extremes exactly, the percentiles within what the histogram promises."""
    latencies = [0.5, 1.0, 2.0, 4.0, 8.0]
    told = found([Row(60 * at, "completed", "pending", each) for at, each in enumerate(latencies)])
    assert (told.count.tolist(), told.sum.tolist()) == ([5], [15.5])
    assert (told.minimum.tolist(), told.maximum.tolist()) == ([0.5], [8.0])
    assert told.median[0] == pytest.approx(2.0, rel=0.011)
    assert told.percentile_95[0] == pytest.approx(np.percentile(latencies, 95), rel=0.011)
    assert told.percentile_99[0] == pytest.approx(np.percentile(latencies, 99), rel=0.011)


def test_cells_without_latencies_are_left_out() -> None:
    """What ended without one is counted elsewhere."""
    told = found([Row(0, "completed", "pending"), Row(3600, "failed", "pending", 1.0)])
    assert (len(told), told.cell.tolist()) == (1, [1])


@given(samples.rows)
def test_stacking_cells_that_lie_apart_is_telling_them_together(rows: list[Row]) -> None:
    """Hour by hour or all at once."""
    whole = found(rows)
    hours = [found([row for row in rows if row.at // 3600 == hour]) for hour in range(3)]
    apart = stacked(hours)
    assert sorted(apart.count.tolist()) == sorted(whole.count.tolist())
    assert sorted(apart.median.tolist()) == pytest.approx(sorted(whole.median.tolist()))
    assert apart.nbytes == sum(each.nbytes for each in hours)
    assert stacked([whole]) is whole
