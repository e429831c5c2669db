"""The window counts what ended lately, takes back what is told otherwise, and has a bound."""

from __future__ import annotations

import math
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from telemetryd.live.rows import Ended
from telemetryd.live.window import WIDEST, Tally, Window
from telemetryd.model.events import COMPLETED, FAILED
from telemetryd.rollup.histogram import bucket_of_value

NOW = 1_000_000.0


def ended(
    timestamp: float, latency: float = 1.0, *, series: int = 1, status: int = COMPLETED, weight: int = 1
) -> Ended:
    return Ended(timestamp, series, status, latency, weight)


def test_what_ended_in_the_last_seconds_is_told_by_series() -> None:
    """Completed, failed, and the latencies' count, sum and bounds."""
    window = Window()
    window.add([ended(NOW - 1, 2.0), ended(NOW - 2, 4.0, status=FAILED), ended(NOW - 3, series=2)], NOW)
    tallies = window.tallies(NOW, 300)
    assert set(tallies) == {1, 2}
    tally = tallies[1]
    assert (tally.completed, tally.failed, tally.count, tally.sum) == (1, 1, 2, 6.0)
    assert (tally.minimum, tally.maximum) == (2.0, 4.0)
    assert tally.buckets == Counter([bucket_of_value(2.0), bucket_of_value(4.0)])


def test_what_ended_before_the_window_is_not_told() -> None:
    """True to the second; a narrower window tells less of the same."""
    window = Window()
    window.add([ended(NOW - 100), ended(NOW - 10)], NOW)
    assert window.tallies(NOW, 60)[1].completed == 1
    assert window.tallies(NOW, 300)[1].completed == 2
    assert window.tallies(NOW + 300, 60) == {}


def test_what_has_not_happened_yet_is_not_told_until_then() -> None:
    """A producer's clock may be ahead."""
    window = Window()
    window.add([ended(NOW + 100)], NOW)
    assert window.tallies(NOW, 300) == {}
    assert window.tallies(NOW + 101, 300)[1].completed == 1


def test_an_end_of_unknown_start_counts_and_has_no_latency() -> None:
    """It is in the rates, not in the latencies."""
    window = Window()
    window.add([ended(NOW, math.nan)], NOW)
    tally = window.tallies(NOW, 300)[1]
    assert (tally.completed, tally.count, tally.buckets) == (1, 0, {})


def test_an_end_taken_back_leaves_nothing() -> None:
    """An operation whose start or type comes after its end is told anew."""
    window = Window()
    window.add([ended(NOW, math.nan), ended(NOW, math.nan, weight=-1), ended(NOW, 3.0)], NOW)
    window.add([ended(NOW, 5.0, series=2), ended(NOW, 5.0, series=2, weight=-1)], NOW)
    tallies = window.tallies(NOW, 300)
    assert (tallies[1].completed, tallies[1].count, tallies[1].sum) == (1, 1, 3.0)
    assert (tallies[2].completed, tallies[2].count, tallies[2].buckets) == (0, 0, {})


def test_ends_older_than_the_widest_window_are_passed_over_and_forgotten() -> None:
    """Memory does not grow with time."""
    window = Window()
    window.add([ended(NOW - WIDEST - 1)], NOW)
    assert window.tallies(NOW, 2 * WIDEST) == {}
    window.add([ended(NOW)], NOW)
    window.add([], NOW + WIDEST + 2)
    assert window.tallies(NOW, WIDEST) == {}


def test_under_a_load_of_many_latencies_older_slots_grow_wider_and_nothing_is_lost() -> None:
    """The bound costs the older edge its sharpness, never a count."""
    window = Window(max_cells=100)
    for second in range(500):
        window.add([ended(NOW + second, 1.5**power, series=power % 3) for power in range(7)], NOW + second)
    now = NOW + 500
    assert sum(tally.completed for tally in window.tallies(now, WIDEST).values()) == 3500
    assert sum(len(tally.buckets) for tally in window.tallies(now, WIDEST).values()) <= 100
    # The newest seconds are still told apart.
    assert 7 <= sum(tally.completed for tally in window.tallies(now, 1.5).values()) <= 21


ends = st.lists(
    st.builds(ended, st.integers(0, 40).map(lambda ago: NOW - ago), st.sampled_from([0.0, 0.5, 2.0, math.nan])),
    max_size=30,
)


@settings(deadline=None)
@given(st.lists(ends, max_size=5), st.integers(1, 50))
def test_a_window_tells_what_counting_by_hand_tells(batches: list[list[Ended]], seconds: int) -> None:
    """At every width and in every order of arrival, as long as it is not over its bound."""
    window = Window()
    for batch in batches:
        window.add(batch, NOW)
    # A slot is a second: the one that the window's edge cuts is whole.
    inside = [each for batch in batches for each in batch if each.timestamp + 1 > NOW - seconds]
    tally = window.tallies(NOW, seconds).get(1, Tally())
    assert tally.completed == len(inside)
    latencies = [each.latency for each in inside if not math.isnan(each.latency)]
    assert tally.count == len(latencies)
    assert tally.sum == sum(latencies)
    assert tally.buckets == Counter(map(bucket_of_value, latencies))
