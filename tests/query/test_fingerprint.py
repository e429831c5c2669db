"""What is stored of a range, in a word."""

from __future__ import annotations

from telemetryd.model.timerange import DAY, HOUR, TimeRange
from telemetryd.query.fingerprint import fingerprint
from telemetryd.storage.catalog import HourParts
from telemetryd.storage.part_name import Level, Part

SPAN = TimeRange(10 * HOUR, 12 * HOUR)
NOW = 20.0 * HOUR


def hour(number: int, last: int, level: Level = "part") -> tuple[int, HourParts]:
    parts = (Part(f"/{kind}", kind, number * HOUR, level, 1, last) for kind in ("events", "rollups"))  # type: ignore[arg-type]
    events, rollups = parts
    return number * HOUR, HourParts((events,), (rollups,))


STORED = dict([hour(8, 70), hour(10, 90), hour(11, 95), hour(15, 120)])


def test_the_same_parts_give_the_same_word() -> None:
    """Whenever it is asked, for as long as nothing comes in."""
    word = fingerprint(STORED, (), NOW, SPAN)
    assert word
    assert fingerprint(dict(reversed(STORED.items())), (), NOW + DAY, SPAN) == word


def test_a_late_event_changes_the_word() -> None:
    """In an hour of the range, and in one before it, for a queue begins with what was in flight."""
    word = fingerprint(STORED, (), NOW, SPAN)
    for late in (hour(11, 130), hour(8, 130), hour(9, 130), hour(3, 130)):
        assert fingerprint(STORED | dict([late]), (), NOW, SPAN) != word


def test_what_comes_after_the_range_does_not() -> None:
    """The past goes on being what it was."""
    word = fingerprint(STORED, (), NOW, SPAN)
    assert fingerprint(STORED | dict([hour(12, 130)]), [19 * HOUR], NOW, SPAN) == word


def test_compaction_and_retention_do_not() -> None:
    """One file for many holds the same rows; the oldest hours go without a number changing."""
    word = fingerprint(STORED, (), NOW, SPAN)
    assert fingerprint(STORED | dict([hour(10, 90, "hour")]), (), NOW, SPAN) == word
    older = STORED | dict([hour(1, 5)])
    assert fingerprint(older, (), NOW, SPAN) == word


def test_a_range_that_can_still_change_has_no_word() -> None:
    """While it is not over, and while rows of it or of what was before it are in memory only."""
    assert fingerprint(STORED, (), 12.0 * HOUR - 1, SPAN) is None
    assert fingerprint(STORED, [11 * HOUR], NOW, SPAN) is None
    assert fingerprint(STORED, [2 * HOUR], NOW, SPAN) is None
    assert fingerprint(STORED, [12 * HOUR], NOW, SPAN) is not None


def test_nothing_stored_has_a_word_too() -> None:
    """Nothing is an answer, until something comes."""
    word = fingerprint({}, (), NOW, SPAN)
    assert word
    assert fingerprint(STORED, (), NOW, SPAN) != word


def test_every_range_over_the_same_parts_may_share_a_word() -> None:
    """The range itself is not in it: whoever keeps answers keeps them by question and word."""
    assert fingerprint(STORED, (), NOW, SPAN) == fingerprint(STORED, (), NOW, TimeRange(10 * HOUR, 12 * HOUR - 60))
