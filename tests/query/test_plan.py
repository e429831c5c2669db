"""Which sources answer a range."""

from __future__ import annotations

from telemetryd.model.timerange import HOUR, TimeRange
from telemetryd.query.plan import Plan, contested, fits, plan
from telemetryd.rollup.build import build
from telemetryd.rollup.columns import RollupRows
from telemetryd.storage.catalog import HourParts
from tests.rollup.samples import Row, columns, health, started


def rollup(*rows: Row, width: int = 60) -> RollupRows:
    return build(columns(rows), width)


def test_hours_lie_before_inside_or_after_the_range() -> None:
    """An hour that the range touches by a second is inside; one that only borders on it is not."""
    hours = {hour * HOUR: HourParts() for hour in (5, 1, 3, 2, 4)}
    assert plan(hours, TimeRange(2 * HOUR, 4 * HOUR)) == Plan((2 * HOUR, 3 * HOUR), (HOUR,), (4 * HOUR, 5 * HOUR))
    assert plan(hours, TimeRange(3 * HOUR - 1, 3 * HOUR + 1)).inside == (2 * HOUR, 3 * HOUR)
    assert plan({}, TimeRange(0, HOUR)) == Plan((), (), ())


def test_rows_fit_where_their_intervals_lie_inside_cells_and_range() -> None:
    """A wider sample, or one that the range cuts in two, cannot tell."""
    rows = rollup(started(0), health(90, "online"))
    assert fits(rows, 60, TimeRange(0, HOUR))
    assert fits(rows, 180, TimeRange(60, HOUR))
    assert not fits(rows, 90, TimeRange(0, HOUR))
    assert not fits(rows, 60, TimeRange(30, HOUR))
    assert not fits(rows, 60, TimeRange(0, HOUR - 30))
    assert fits(rollup(), 7, TimeRange(1, 2))


def test_intervals_are_contested_by_gauges_of_several_sources() -> None:
    """Counts add up; only where two sources move a queue or change a health the rows have to tell."""
    span = TimeRange(0, 600)
    one = rollup(started(0), started(120), started(300), health(540, "online"))
    other = rollup(started(130), Row(310, "completed", "none"), health(550, "offline"))
    assert contested([one, other], span, 60).tolist() == [120, 540]
    assert contested([one, other], TimeRange(0, 540), 60).tolist() == [120]
    assert contested([one], span, 60).tolist() == []
    assert contested([], span, 60).tolist() == []


def test_samples_of_different_width_contest_what_they_share() -> None:
    """A minute is contested by ten seconds of it, wherever these begin."""
    wide, narrow = rollup(started(5)), rollup(started(30), started(70), width=10)
    assert contested([wide, narrow], TimeRange(0, 600), 60).tolist() == [0]
