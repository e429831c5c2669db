"""Instants and ranges in words."""

from __future__ import annotations

import pytest

from telemetryd.charts.moments import LATEST, between, clock, day, local_time, moment, span
from tests.charts.samples import NOON

DAY = 86400


def test_an_instant() -> None:
    """An instant is a day and a time of day in UTC, with seconds where there are any."""
    assert (day(NOON), clock(NOON), clock(NOON + 5)) == ("24 Nov 2026", "12:00", "12:00:05")
    assert moment(NOON) == "24 Nov 2026, 12:00 UTC"


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        (NOON, NOON + 3600, "24 Nov 2026, 12:00 – 13:00 UTC"),
        (NOON - DAY, NOON, "23 Nov, 12:00 – 24 Nov 2026, 12:00 UTC"),
        (NOON - DAY // 2, NOON + DAY // 2, "24 Nov 2026, 00:00 – 24:00 UTC"),
        (NOON - 365 * DAY, NOON, "24 Nov 2025, 12:00 – 24 Nov 2026, 12:00 UTC"),
        (NOON, NOON, "24 Nov 2026, 12:00 – 12:00 UTC"),
        (0, 0, "1 Jan 1970, 00:00 – 00:00 UTC"),
        (NOON, LATEST + 2, "24 Nov 2026, 12:00 – 30 Dec 9999, 21:59:59 UTC"),
    ],
)
def test_a_range(start: int, end: int, words: str) -> None:
    """A range says once what both of its ends share."""
    assert span(start, end) == words
    assert " – ".join(between(start, end)) == words


@pytest.mark.parametrize(
    ("zone", "offset", "words"),
    [
        ("CET", 3600, "local time is UTC+01:00 CET"),
        ("UTC", 0, "local time is UTC"),
        ("-0330", -12600, "local time is UTC-03:30"),
        ("", 20700, "local time is UTC+05:45"),
    ],
)
def test_local_time(zone: str, offset: int, words: str) -> None:
    """The node's clocks are told by their offset, and by their name where they have one."""
    assert local_time(zone, offset) == words
