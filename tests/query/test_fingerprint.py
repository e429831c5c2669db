"""What is stored of a range, in a word."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import pytest

from telemetryd.model.timerange import DAY, HOUR, TimeRange
from telemetryd.query import fingerprint as module
from telemetryd.storage.catalog import DayParts, HourParts
from telemetryd.storage.day_file import DayFile
from telemetryd.storage.files import Files
from telemetryd.storage.folder import Folder
from telemetryd.storage.part_name import Level, Part

SPAN = TimeRange(10 * HOUR, 12 * HOUR)
NOW = 20.0 * HOUR


def fingerprint(hours: Mapping[int, HourParts], held: Collection[int], now: float, span: TimeRange) -> str | None:
    days = {day: DayParts.of(day, hours) for day in {hour // DAY * DAY for hour in hours}}
    return module.fingerprint(hours, days, held, now, span)


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


@pytest.mark.parametrize("at", [30, 47, 48, 60, 71, 72, 100, 119, 120, 122])
def test_of_whole_days_it_sees_what_comes_and_goes(at: int) -> None:
    """A late event and an hour that goes, wherever in the range, though no hour of a whole day is looked at."""
    span = TimeRange(30 * HOUR, 123 * HOUR - 60)
    stored = dict(hour(number, number) for number in range(25, 130))
    word = fingerprint(stored, (), 200.0 * HOUR, span)
    assert fingerprint(stored | dict([hour(at, 999)]), (), 200.0 * HOUR, span) != word
    fewer = {each: parts for each, parts in stored.items() if each != at * HOUR}
    assert fingerprint(fewer, (), 200.0 * HOUR, span) != word


class Counted(dict[int, HourParts]):
    """Hours that count how often they are looked at."""

    looks = 0

    def __getitem__(self, hour: int) -> HourParts:
        self.looks += 1
        return super().__getitem__(hour)

    def __iter__(self) -> Iterator[int]:
        raise AssertionError("nobody goes through all hours")

    items = values = __iter__  # type: ignore[assignment]


def test_of_ten_years_few_hours_are_looked_at() -> None:
    """Those of the days that the range cuts."""
    stored = dict(hour(number, number) for number in range(10 * 366 * 24))
    days = {day: DayParts.of(day, stored) for day in range(0, 10 * 366 * DAY, DAY)}
    counted = Counted(stored)
    for span in (TimeRange(7 * HOUR, 80_000 * HOUR + 60), TimeRange(80_000 * HOUR, 80_001 * HOUR), TimeRange(0, 10**9)):
        assert module.fingerprint(counted, days, (), 1e10, span)
    assert counted.looks <= 3 * 3 * 24


def test_digits_tell_of_files_that_meaning_does_not() -> None:
    """Compaction keeps every answer, but perhaps not the last digit of a sum; so does the file of a day."""
    folder, span = Folder(Files(), "/data"), TimeRange(0, HOUR)
    sealed = [Part.named(folder, "rollups", 0, "part", first, first + 9) for first in (1, 10)]
    compacted = Part.named(folder, "rollups", 0, "hour", 1, 19)
    file = DayFile(Part.named(folder, "days", 0, "day", 1, 19), {0: compacted.name})
    words = []
    for parts, of_day in ((sealed, None), ([compacted], None), ([compacted], file)):
        hours = {0: HourParts((), tuple(parts))}
        words.append(module.settled(hours, {0: DayParts.of(0, hours, of_day)}, (), NOW, span))
    assert len({word.meaning for word in words if word is not None}) == 1
    assert len({word.digits for word in words if word is not None}) == 3
    assert module.settled({}, {}, (), 0.0, span) is None
