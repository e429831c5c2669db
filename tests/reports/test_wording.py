"""Numbers, times and lists as a careful person writes them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetryd.reports import wording

DAY = 86_400
MIDNIGHT = 1_795_478_400


def plain(text: str) -> str:
    """Return text with spaces that break."""
    return text.replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"), (1, "1"), (12_345, "12,345"), (4.2, "4.2"), (0.371, "0.37"), (12.34, "12.3"), (123.4, "123"),
        (0.0004, "under 0.001"), (-3, "−3"), (None, "–"), (math.nan, "–"), (math.inf, "–"), (0.001, "0.001"),
    ],
)  # fmt: skip
def test_numbers(value: float | None, text: str) -> None:
    """Three digits or so, thousands apart, a dash for none."""
    assert wording.number(value) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0 %"), (1, "100 %"), (0.5, "50 %"), (0.1234, "12.3 %"), (0.9945, "99.45 %"), (0.00004, "0.004 %"),
        (1e-9, "under 0.001 %"), (1 - 1e-9, "over 99.999 %"), (None, "–"), (math.nan, "–"),
    ],
)  # fmt: skip
def test_shares(share: float | None, text: str) -> None:
    """Close to none and to all, there is a digit more."""
    assert plain(wording.percent(share)) == text


@given(st.floats(0, 1))
def test_a_share_is_none_or_all_only_where_it_is(share: float) -> None:
    """One failure among a million is not rounded away."""
    for form in (wording.percent, wording.roughly):
        assert (plain(form(share)) == "0 %") == (share == 0)
        assert (plain(form(share)) == "100 %") == (share == 1)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"), (4e-7, "0.4 µs"), (0.0004, "400 µs"), (0.0041, "4.1 ms"), (0.85, "850 ms"), (0.9994, "999 ms"),
        (0.9999, "1 s"), (4.234, "4.23 s"), (59.9, "59.9 s"), (59.96, "1 min"), (61, "1 min 1 s"), (119.6, "2 min"),
        (3599.6, "1 h"), (7000, "1 h 57 min"), (86_399, "1 d"), (90_000, "1 d 1 h"), (864_000, "10 d"),
        (None, "–"), (math.nan, "–"),
    ],
)  # fmt: skip
def test_lengths_of_time(seconds: float | None, text: str) -> None:
    """In the unit that fits, and the next smaller one where that says something."""
    assert plain(wording.duration(seconds)) == text


@given(st.floats(1, 1e7))
def test_a_length_of_time_is_told_nearly_right(seconds: float) -> None:
    """Within half of its smaller unit."""
    unit = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86_400.0}
    words = plain(wording.duration(seconds)).split()
    told = sum(float(value) * unit[word] for value, word in zip(words[::2], words[1::2], strict=True))
    assert told == pytest.approx(seconds, rel=0.05)


@pytest.mark.parametrize(
    ("seconds", "text", "width"),
    [
        (60, "1 minute", "a minute"), (90, "90 seconds", "90 seconds"), (3600, "1 hour", "an hour"),
        (5400, "90 minutes", "90 minutes"), (DAY, "24 hours", "a day"), (30 * DAY, "30 days", "30 days"),
        (25 * 3600, "25 hours", "25 hours"), (1, "1 second", "1 second"),
    ],
)  # fmt: skip
def test_ranges_and_intervals(seconds: int, text: str, width: str) -> None:
    """In one unit in which they are whole."""
    assert (wording.length(seconds), wording.width(seconds)) == (text, width)


def test_counts_have_their_nouns() -> None:
    """One or many, regular or not."""
    assert [wording.counted(count, "operation") for count in (0, 1, 2_000)] == [
        "0 operations",
        "1 operation",
        "2,000 operations",
    ]
    assert wording.counted(2, "retry", "retries") == "2 retries"


def test_lists() -> None:
    """Commas, and one and."""
    assert [wording.listed(words) for words in (["a"], ["a", "b"], ["a", "b", "c"])] == ["a", "a and b", "a, b and c"]


@pytest.mark.parametrize(("ratio", "text"), [(2.04, "2 times"), (3.66, "3.7 times"), (284.6, "285 times")])
def test_times(ratio: float, text: str) -> None:
    """To two digits or so."""
    assert wording.times(ratio) == text


def test_instants() -> None:
    """In UTC; inside a day by the clock alone, else with the day, and with seconds where these are known."""
    assert wording.instant(MIDNIGHT) == "2026-11-24 00:00"
    assert wording.clock(MIDNIGHT + 3661, DAY) == "01:01"
    assert wording.clock(MIDNIGHT + 3661, DAY, 1) == "01:01:01"
    assert wording.clock(MIDNIGHT + 3661, 2 * DAY) == "24 Nov 01:01"


def test_offsets() -> None:
    """East and west of Greenwich, and where half hours count."""
    assert [wording.offset(seconds) for seconds in (3600, -16_200, 0)] == ["UTC+01:00", "UTC-04:30", "UTC+00:00"]
