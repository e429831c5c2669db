"""The window counts what ended lately, takes back what is told otherwise, and has a bound."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telemetryd.live.rows import Ends
from telemetryd.live.window import FOLD, WIDEST, Window
from telemetryd.model.events import COMPLETED, FAILED
from telemetryd.rollup.histogram import bucket_of_value

from .told import Told, tell

NOW = 1_000_000.0


End = tuple[float, int, int, float, int]


def ended(timestamp: float, latency: float = 1.0, *, series: int = 1, status: int = COMPLETED, weight: int = 1) -> End:
    return timestamp, series, status, latency, weight


def add(window: Window, ends: Iterable[End], now: float = NOW) -> None:
    told = Ends()
    for each in ends:
        told.add(*each)
    window.add(told, now)


def test_what_ended_in_the_last_seconds_is_told_by_series() -> None:
    """Completed, failed, and the latencies' count, sum and bounds."""
    window = Window()
    add(window, [ended(NOW - 1, 2.0), ended(NOW - 2, 4.0, status=FAILED), ended(NOW - 3, series=2)])
    told = tell(window, NOW, 300)
    assert set(told) == {1, 2}
    assert told[1] == Told(1, 1, 2, 6.0, 2.0, 4.0, Counter([bucket_of_value(2.0), bucket_of_value(4.0)]))


def test_what_ended_before_the_window_is_not_told() -> None:
    """True to the second; a narrower window tells less of the same."""
    window = Window()
    add(window, [ended(NOW - 100), ended(NOW - 10)])
    assert tell(window, NOW, 60)[1].completed == 1
    assert tell(window, NOW, 300)[1].completed == 2
    assert tell(window, NOW + 300, 60) == {}


def test_what_has_not_happened_yet_is_not_told_until_then() -> None:
    """A producer's clock may be ahead."""
    window = Window()
    add(window, [ended(NOW + 100)])
    assert tell(window, NOW, 300) == {}
    assert tell(window, NOW + 101, 300)[1].completed == 1


def test_an_end_of_unknown_start_counts_and_has_no_latency() -> None:
    """It is in the rates, not in the latencies."""
    window = Window()
    add(window, [ended(NOW, math.nan)])
    told = tell(window, NOW, 300)[1]
    assert (told.completed, told.count, told.buckets) == (1, 0, {})


@pytest.mark.parametrize("between", [0, 1, FOLD])
def test_an_end_taken_back_leaves_nothing(between: int) -> None:
    """An operation whose start or type comes after its end is told anew, however many ends have come since."""
    window = Window()
    others = [ended(NOW, series=3)] * between
    add(window, [ended(NOW, math.nan), *others, ended(NOW, math.nan, weight=-1), ended(NOW, 3.0)])
    add(window, [ended(NOW, 5.0, series=2), *others])
    add(window, [ended(NOW, 5.0, series=2, weight=-1)])
    told = tell(window, NOW, 300)
    assert (told[1].completed, told[1].count, told[1].sum) == (1, 1, 3.0)
    assert (told[2].completed, told[2].count, told[2].buckets) == (0, 0, {})


def test_ends_older_than_the_widest_window_are_forgotten() -> None:
    """Memory does not grow with time."""
    window = Window()
    for second in range(0, 20 * WIDEST, WIDEST // 2):
        add(window, [ended(NOW + second + power / 8, 1.5 ** (power % 40)) for power in range(FOLD)], NOW + second)
        assert tell(window, NOW + second, WIDEST)[1].completed <= 3 * FOLD
        assert window.held <= 3 * FOLD


def test_under_a_load_of_many_latencies_older_slots_grow_wider_and_nothing_is_lost() -> None:
    """The bound costs the older edge its sharpness, never a count."""
    window = Window(max_cells=100)
    for second in range(500):
        add(window, [ended(NOW + second, 1.5**power, series=power % 3) for power in range(7)], NOW + second)
        tell(window, NOW + second, 1)
    now = NOW + 500
    assert sum(told.completed for told in tell(window, now, WIDEST).values()) == 3500
    assert window.held <= 100
    # The newest seconds are still told apart.
    assert 7 <= sum(told.completed for told in tell(window, now, 1.5).values()) <= 21


def test_a_lasting_load_keeps_the_bound_and_slots_are_as_much_wider_as_they_are_older() -> None:
    """However many seconds are as full as this: what ended lately is told to within what ended in twice the time."""
    window = Window(max_cells=1200)
    second = 0
    for second in range(1500):
        ends = [ended(NOW + second, 1.5 ** (power % 20), series=power // 20) for power in range(40)]
        add(window, ends, NOW + second)
        tell(window, NOW + second, 1)
        assert window.held <= 1200
    for seconds in (10, 60, 300):
        for now in range(second, second + 9, 4):
            told = sum(each.completed for each in tell(window, NOW + now, seconds).values())
            least = 40 * (seconds - (now - second))
            assert least <= told <= 2 * least + 40 * 9, seconds


def test_more_latencies_than_the_bound_are_held_all_the_same() -> None:
    """Where all of an hour in one slot is too much, nothing is lost and nothing hangs."""
    window = Window(max_cells=10)
    add(window, [ended(NOW - power, 1.5**power) for power in range(50)])
    assert tell(window, NOW, WIDEST)[1].completed == 50


ends = st.lists(
    st.builds(ended, st.integers(0, 40).map(lambda ago: NOW - ago), st.sampled_from([0.0, 0.5, 2.0, math.nan])),
    max_size=30,
)


@settings(deadline=None)
@given(st.lists(ends, max_size=5), st.integers(1, 50), st.booleans())
def test_a_window_tells_what_counting_by_hand_tells(batches: list[list[End]], seconds: int, often: bool) -> None:
    """At every width and in every order of arrival, as long as it is not over its bound; asked often or once."""
    window = Window()
    for batch in batches:
        add(window, batch)
        if often:
            tell(window, NOW, 1)
    # A slot is a second: the one that the window's edge cuts is whole.
    inside = [latency for batch in batches for at, _, _, latency, _ in batch if at + 1 > NOW - seconds]
    told = tell(window, NOW, seconds).get(1, Told(0, 0, 0, 0.0, 0.0, 0.0, {}))
    assert told.completed == len(inside)
    latencies = [latency for latency in inside if not math.isnan(latency)]
    assert told.count == len(latencies)
    assert told.sum == sum(latencies)
    assert told.buckets == Counter(map(bucket_of_value, latencies))


def test_a_still_window_does_not_change() -> None:
    """What is entered later, or goes by, is not seen by who asks it later."""
    window = Window()
    add(window, [ended(NOW - 1, 2.0)])
    still = window.still(NOW, 300)
    add(window, [ended(NOW - 1)] * 3, NOW)
    add(window, [ended(NOW + WIDEST)] * FOLD, NOW + 2 * WIDEST)
    cells = still()
    assert (cells.series.tolist(), cells.count.tolist(), cells.sum.tolist()) == ([1], [1], [2.0])
