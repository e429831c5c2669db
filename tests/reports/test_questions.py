"""What a report asks of the engine."""

from __future__ import annotations

import pytest

from telemetryd.model.metrics import METRIC_TYPES
from telemetryd.model.timerange import DAY, HOUR, TimeRange
from telemetryd.query.grid import cells_touched
from telemetryd.reports.questions import LISTED, LOOKED_AT, MOST_HEALTH_SAMPLES, Questions

MIDNIGHT = 1_795_478_400


def test_a_range_is_widened_and_never_empty() -> None:
    """To whole intervals, and to one at least."""
    assert Questions.about(MIDNIGHT + 1, MIDNIGHT + 61, 60).span == TimeRange(MIDNIGHT, MIDNIGHT + 120)
    assert Questions.about(MIDNIGHT, MIDNIGHT, 60).span == TimeRange(MIDNIGHT, MIDNIGHT + 60)


def test_the_period_before_is_as_long() -> None:
    """It ends where the range begins; before 1970 there is none."""
    asked = Questions.about(MIDNIGHT, MIDNIGHT + HOUR, 60)
    assert asked.before == TimeRange(MIDNIGHT - HOUR, MIDNIGHT)
    early = Questions.about(0, HOUR, 60)
    assert (early.before, early.totals_before(), early.queue_before(60)) == (None, None, None)


def test_all_metrics_come_in_samples_for_a_chart() -> None:
    """A day at a minute is 1,440 of them; where there would be too many, a part of that."""
    asked = Questions.about(MIDNIGHT, MIDNIGHT + DAY, 60)
    assert asked.samples().metric_types == METRIC_TYPES
    assert [asked.samples(coarser).interval for coarser in (1, 4, 16)] == [60, 240, 1200]


@pytest.mark.parametrize("days", [1, 7, 30, 365])
@pytest.mark.parametrize("backends", [0, 1, 6, 64])
def test_health_is_asked_as_narrow_as_may_be(days: int, backends: int) -> None:
    """Never beyond what can be held, and by no narrower interval than the next even one."""
    asked = Questions.about(MIDNIGHT, MIDNIGHT + days * DAY, 60).health(backends)
    assert asked.metric_types == ("backend_health",)
    assert cells_touched(asked.range, asked.interval) * backends <= MOST_HEALTH_SAMPLES + backends
    if backends:
        narrowest = asked.range.seconds * backends / MOST_HEALTH_SAMPLES
        assert asked.interval < max(60, narrowest) * 2.01


def test_totals_are_of_the_whole_range() -> None:
    """One sample a series, that holds its statistics; the same of the period before."""
    asked = Questions.about(MIDNIGHT, MIDNIGHT + HOUR, 60)
    assert (asked.totals().range, asked.totals().aggregation) == (asked.span, "average")
    before, queue = asked.totals_before(), asked.queue_before(60)
    assert before is not None and queue is not None
    assert before.range == queue.range == asked.before


def test_single_operations() -> None:
    """The slowest to show, and as many of the failed as say why."""
    asked = Questions.about(MIDNIGHT, MIDNIGHT + HOUR, 60)
    assert (asked.slowest().sort, asked.slowest().limit) == ("slowest", LISTED)
    assert (asked.failed().sort, asked.failed().limit) == ("failed", LOOKED_AT)


def test_what_the_retention_may_have_removed_is_known() -> None:
    """An hour goes when it ended as long ago as the retention says."""
    asked = Questions.about(MIDNIGHT, MIDNIGHT + HOUR, 60)
    kept_until = MIDNIGHT - HOUR + DAY + HOUR
    assert asked.is_kept_before(kept_until - 1, 1)
    assert not asked.is_kept_before(kept_until, 1)
