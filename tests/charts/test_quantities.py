"""Numbers as people read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetryd.charts.quantities import duration, every, logarithmic_ticks, number, seconds, share, spell


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"), (0.25, "0.25"), (0.0312, "0.031"), (3, "3"), (9.4, "9.4"), (350, "350"), (999.4, "999"),
        (999.7, "1k"), (1234, "1.2k"), (12_000, "12k"), (3_400_000, "3.4M"), (5e9, "5G"), (2e12, "2T"), (-1500, "-1.5k"),
    ],
)  # fmt: skip
def test_number(value: float, text: str) -> None:
    """A number has two digits, three where it is whole, and a letter for thousands."""
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0 s"), (1.2e-5, "12 µs"), (0.35, "350 ms"), (0.9999, "1 s"), (2.1, "2.1 s"), (90, "90 s"), (119.7, "2 min"),
        (150, "2.5 min"), (5400, "1.5 h"), (200_000, "2.3 d"), (5e-8, "0.05 µs"),
    ],
)  # fmt: skip
def test_seconds(value: float, text: str) -> None:
    """A time has the unit in which it is a short number; seconds go on to two minutes."""
    assert seconds(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0 %"), (1, "100 %"), (0.5, "50 %"), (0.05, "5 %"), (0.053, "5.3 %"), (0.9996, "99.96 %"), (0.0004, "0.04 %"),
        (0.005, "0.5 %"), (0.1234, "12.3 %"), (1e-8, "under 0.001 %"), (1 - 1e-8, "over 99.999 %"),
    ],
)  # fmt: skip
def test_share(value: float, text: str) -> None:
    """A share has as many places as it is near to nothing or to all."""
    assert share(value) == text


@given(st.floats(0, 1, exclude_min=True, exclude_max=True))
def test_a_share_is_not_rounded_to_nothing_or_all(value: float) -> None:
    """What is not 0 or 1 is never written as 0 % or 100 %."""
    assert share(value) not in ("0 %", "100 %")


def test_intervals() -> None:
    """Intervals are written exactly, and after *per* without a 1."""
    assert [duration(each) for each in (1, 60, 90, 300, 3600, 7200, 86400)] == [
        "1 s", "1 min", "90 s", "5 min", "1 h", "2 h", "1 d",
    ]  # fmt: skip
    assert [every(each) for each in (1, 60, 300, 3600, 86400)] == ["second", "minute", "5 min", "hour", "day"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.4, "400 ms"),
        (89, "1 min 29 s"),
        (100, "1 min 40 s"),
        (780, "13 min"),
        (6240, "1 h 44 min"),
        (7200, "2 h"),
        (266_400, "3 d 2 h"),
    ],
)
def test_spell(value: float, text: str) -> None:
    """How long something took is told in two units at most."""
    assert spell(value) == text


@given(st.floats(min_value=-7, max_value=8), st.floats(min_value=0.1, max_value=9), st.integers(2, 12))
def test_ticks_lie_inside_and_are_few(low: float, decades: float, most: int) -> None:
    """Ticks of a logarithmic axis ascend, lie on it, and are no more than there is room for."""
    ticks = logarithmic_ticks(10**low, 10 ** (low + decades), max(most, 6))
    assert ticks == sorted(set(ticks))
    assert all(10**low * 0.99 <= tick <= 10 ** (low + decades) * 1.01 for tick in ticks)
    assert len(ticks) <= max(most, 6)


def test_ticks() -> None:
    """Ticks are round in the units that they are read in."""
    assert [seconds(tick) for tick in logarithmic_ticks(0.09, 7, 8)] == [
        "100 ms", "200 ms", "500 ms", "1 s", "2 s", "5 s",
    ]  # fmt: skip
    assert [seconds(tick) for tick in logarithmic_ticks(5, 50_000, 8)] == [
        "10 s", "30 s", "100 s", "5 min", "20 min", "1 h", "4 h", "12 h",
    ]  # fmt: skip
