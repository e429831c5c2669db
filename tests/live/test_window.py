"""The window counts what ended lately, takes back what is told otherwise, and has a bound."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telemetryd.live.rows import Ends
from telemetryd.live.stretch import ROW
from telemetryd.live.window import FOLD, WIDEST, Window
from telemetryd.model.events import COMPLETED, FAILED
from telemetryd.rollup.build import operation_rows
from telemetryd.rollup.columns import OperationRows
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


def rows_of(ends: list[End]) -> OperationRows:
    """Return the rows of ends that completed, as a start reads them from parts."""
    timestamp, latency, series = (np.array(column) for column in list(zip(*ends, strict=True))[:3])
    second, status = np.floor(timestamp).astype(np.int64), np.full(len(ends), COMPLETED, np.uint8)
    return operation_rows(second, series.astype(np.int32), status, latency, 1)


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
        # Each time 1,024 seconds with eight latencies each; of four times there is something left.
        assert window.held <= 4 * 1024 * (ROW + 8)


def test_under_a_load_of_many_latencies_older_slots_grow_wider_and_nothing_is_lost() -> None:
    """The bound costs the older edge its sharpness, never a count."""
    window = Window(max_size=100)
    for second in range(500):
        add(window, [ended(NOW + second, 1.5**power, series=power % 3) for power in range(7)], NOW + second)
        tell(window, NOW + second, 1)
    now = NOW + 500
    assert sum(told.completed for told in tell(window, now, WIDEST).values()) == 3500
    assert window.held <= 100
    # The newest seconds are still told apart.
    assert 7 <= sum(told.completed for told in tell(window, now, 1.5).values()) <= 21


# Of a window that may take `BOUND`: each second of a load has a slot of 150, so that 20 slots tell of all.
BOUND, EACH = 3_000, 40


def load(second: float) -> list[End]:
    """Return the ends of one second: of two series, with twenty latencies."""
    return [ended(second, 1.5 ** (power % 20), series=1 + power // 20) for power in range(EACH)]


def completed(window: Window, now: float, seconds: int, *series: int) -> int:
    """Return how many completed of some series, or of all."""
    told = tell(window, now, seconds)
    return sum(each.completed for number, each in told.items() if not series or number in series)


def is_near(told: int, seconds: int) -> bool:
    """Whether of ``seconds`` of the load at least all is told, and not more than of twice the time."""
    return EACH * seconds <= told <= EACH * (2 * seconds + 8)


def test_a_lasting_load_keeps_the_bound_and_slots_are_as_much_wider_as_they_are_older() -> None:
    """However many seconds are as full as this."""
    window = Window(BOUND)
    for second in range(1500):
        add(window, load(NOW + second), NOW + second)
        tell(window, NOW + second, 1)
        assert window.held <= BOUND
    for seconds in (10, 60, 300):
        assert is_near(completed(window, NOW + 1499, seconds), seconds)


@pytest.mark.parametrize(
    "journal",
    [
        pytest.param([], id="where the journal has nothing"),
        pytest.param(
            [each for second in range(1200, 1500) for each in load(NOW + second)], id="and the journal the newest"
        ),
        pytest.param([ended(NOW)], id="and the journal begins with what came late"),
    ],
)
def test_after_a_start_older_slots_are_wider_too(journal: list[End]) -> None:
    """What the journal has comes first; then comes what is in parts, all at once."""
    window = Window(BOUND)
    add(window, journal, NOW + 1500)
    tell(window, NOW + 1500, 1)
    until = 1200 if len(journal) > 1 else 1500
    window.put(rows_of([each for second in range(until) for each in load(NOW + second)]), NOW + 1500)
    for second in range(1500, 1560):
        assert window.held <= BOUND
        for seconds in (10, 60, 300):
            assert is_near(completed(window, NOW + second - 1, seconds), seconds)
        add(window, load(NOW + second), NOW + second)


def test_what_ended_long_ago_is_never_told_as_of_now() -> None:
    """A spool that is sent after an outage: it finds its place in the past, also under a load that is over the bound."""
    window = Window(BOUND)
    for second in range(1000):
        late = [ended(NOW + second - 700 - each, 1.5**each, series=9) for each in range(5)]
        add(window, [*load(NOW + second), *late], NOW + second)
        tell(window, NOW + second, 1)
        assert completed(window, NOW + second, 300, 9) == 0
    assert window.held <= BOUND
    assert completed(window, NOW + 999, 3600, 9) == 5000
    assert is_near(completed(window, NOW + 999, 60, 1, 2), 60)


def test_what_is_taken_back_under_a_load_leaves_nothing_at_any_time() -> None:
    """It has the timestamp of what it takes back, and so leaves together with it."""
    window = Window(BOUND)
    for second in range(900):
        now = NOW + second
        again = [ended(now - 100, series=7, weight=-1), ended(now - 100, series=8)] if second >= 100 else []
        add(window, [*load(now), ended(now, series=7), *again], now)
        told = completed(window, now, 300, 7)
        assert min(second + 1, 100) <= told <= 100 + 64
        assert completed(window, now, 300, 7, 8) <= 2 * 300 + 8


def test_ends_without_a_latency_are_bounded_as_well() -> None:
    """They have no cells, and rows of their own all the same."""
    window = Window(BOUND)
    for second in range(600):
        add(window, [ended(NOW + second, math.nan, series=each) for each in range(30)], NOW + second)
        tell(window, NOW + second, 1)
        assert window.held <= BOUND
    assert completed(window, NOW + 599, 3600) == 30 * 600


def test_ends_that_are_still_to_come_are_bounded_as_well() -> None:
    """All that a producer says whose clock is ahead."""
    window = Window(BOUND)
    for second in range(300):
        add(window, load(NOW + second + 1000), NOW + second)
        tell(window, NOW + second, 1)
    assert completed(window, NOW + 299, 3600) == 0
    assert window.held <= BOUND
    assert completed(window, NOW + 1300, 3600) == 300 * EACH


def test_more_latencies_than_the_bound_are_held_all_the_same() -> None:
    """Where all of an hour in one slot is too much, nothing is lost and nothing hangs."""
    window = Window(max_size=10)
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
