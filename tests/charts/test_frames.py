"""Samples on a grid: what is added is exact, and what is not known stays a gap."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from telemetryd.charts.drawing import Drawing, Look
from telemetryd.charts.frames import MOST_CELLS, Frame, largest, summed
from telemetryd.charts.sampling import bins
from tests.charts.samples import NOON, drawing

Sample = tuple[int, int, float]
samples = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 59), st.floats(0, 1e6)), max_size=120)


@given(samples, st.integers(1, 20))
def test_bins_hold_sums_and_extremes_of_their_samples(given_samples: list[Sample], minutes: int) -> None:
    """A bin has the sum, the highest and the lowest of its samples, and NaN where it has none."""
    frame = Frame.of(made(given_samples))
    found = bins(frame.cells, 60, minutes * 60)
    tables = {how: frame.on(found, "count", how).to_numpy() for how in ("sum", "max", "min")}  # type: ignore[arg-type]
    last = {(code, minute): value for code, minute, value in given_samples}
    for code in range(4):
        for at in range(len(found)):
            inside = [last[code, minute] for minute in np.flatnonzero(found.of_cell == at) if (code, minute) in last]
            cell = {how: table[at, code] for how, table in tables.items()}
            if inside:
                np.testing.assert_allclose(list(cell.values()), [sum(inside), max(inside), min(inside)])
            else:
                assert np.isnan(list(cell.values())).all()


@given(samples)
def test_the_order_of_samples_does_not_matter(given_samples: list[Sample]) -> None:
    """Samples may come in any order, and of two of one series and instant the later counts."""
    last = list({sample[:2]: sample for sample in given_samples}.values())
    one, other = Frame.of(made(last)), Frame.of(made(sorted(last)))
    assert one.series.tolist() == other.series.tolist()
    assert one.cell.tolist() == other.cell.tolist()
    assert one.statistics["count"].tolist() == other.statistics["count"].tolist()


def test_samples_outside_the_range_are_left_out() -> None:
    """A sample whose interval the range cuts belongs to it; what begins at its end does not."""
    cut = made([(0, 0, 1.0), (0, 1, 2.0), (0, 59, 3.0)], start=NOON + 90, end=NOON + 59 * 60)
    assert Frame.of(cut).statistics["count"].tolist() == [2.0]
    assert Frame.of(made([(0, 0, 1.0)], start=NOON, end=NOON)).empty


def test_means_are_weighted() -> None:
    """A rate is weighted by its count, a gauge by the time of its cells, and NaN counts for nothing."""
    frame = Frame.of(made([(0, 0, 1.0), (0, 1, 4.0), (1, 0, np.nan), (1, 1, 2.0)]))
    assert len(frame.series) == 3
    frame.statistics["weight"] = np.array([3.0, 1.0, 2.0])
    found = bins(frame.cells, 60, 3600)
    assert frame.mean_on(found, "count", "weight").to_numpy()[0, :2].tolist() == [1.75, 2.0]
    assert frame.mean_on(found, "count").to_numpy()[0, :2].tolist() == [2.5, 2.0]
    assert frame.average("count").tolist() == [2.5, 2.0, 0.0, 0.0]
    assert frame.total("count", "weight").tolist() == [7.0, 4.0, 0.0, 0.0]


def test_a_line_is_one_series_without_its_gaps() -> None:
    """Cells and values of one series come where every statistic asked for is known."""
    frame = Frame.of(made([(0, 3, 1.0), (1, 2, 5.0), (1, 4, np.nan), (1, 7, 6.0)]))
    cell, value = frame.line(1, "count")
    assert (cell.tolist(), value.tolist()) == ([2, 7], [5.0, 6.0])
    assert [len(column) for column in frame.line(3, "count")] == [0, 0]


def test_a_huge_grid_is_made_of_its_samples() -> None:
    """A range of more cells than memory holds has the cells that have samples, and no others."""
    frame = Frame.of(made([(0, 0, 1.0), (1, 7, 2.0)], start=0, end=60 * MOST_CELLS * 20))
    assert len(frame.cells) == 2
    assert frame.cells.start.tolist() == [NOON, NOON + 420]


def test_gauges_are_known_until_now() -> None:
    """Nothing is known beyond now, nor beyond the end of the range."""
    assert Frame.of(drawing("queue_size", "one")).known_until == NOON - 100
    assert Frame.of(drawing("queue_size", "much")).known_until == NOON


def test_the_largest_and_the_rest() -> None:
    """The largest come first; a rest of one has its own name, since that takes no more room."""
    assert largest(np.array([1.0, 5, 3, 4]), 2) == ([1, 3], [2, 0])
    assert largest(np.array([1.0, 5, 3]), 2) == ([1, 2, 0], [])


def test_the_sum_of_columns_is_known_where_one_is() -> None:
    """What is unknown of all series is unknown, and what is unknown of some counts as nothing."""
    table = Frame.of(made([(0, 0, 1.0), (1, 0, 2.0), (1, 1, 3.0)]))
    total = summed(table.on(bins(table.cells, 60, 60), "count", "sum"), [0, 1])
    assert total[:2].tolist() == [3.0, 3.0]
    assert np.isnan(total[2:]).all()


def made(given_samples: list[Sample], start: int = NOON, end: int = NOON + 3600) -> Drawing:
    """Return a drawing of samples: the series, the minute after noon, and the value."""
    series, minute, value = (
        (list(column) for column in zip(*given_samples, strict=True)) if given_samples else ([],) * 3
    )
    return Drawing(
        metric_type="retry_count",
        operation_type=None,
        backend=None,
        status=None,
        start=start,
        end=end,
        interval=60,
        now=end + 1.0,
        keys=tuple(("get", f"backend-{number}") for number in range(4)),
        series=np.array(series, np.int32).tobytes(),
        timestamp=(NOON + 60 * np.array(minute, np.int64)).tobytes(),
        statistics={"count": np.array(value, np.float64).tobytes()},
        look=Look(),
        zone="UTC",
        utc_offset=0,
    )
