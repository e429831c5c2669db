"""A word for what is stored of a range, so that the same question need not be answered twice."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from telemetryd.model.timerange import DAY, HOUR, TimeRange, hour_of
from telemetryd.storage.catalog import DayParts, HourParts


@dataclass(frozen=True, slots=True)
class Settled:
    """What is stored of a range that can no longer change, in two words.

    ``meaning`` stays the same for as long as every answer does; ``digits`` also tells of compaction
    and of days made of hours, after which a sum may be added up in another order: with both the
    same, an answer is the same to its last digit.
    """

    meaning: str
    digits: str


def settled(
    hours: Mapping[int, HourParts],
    days: Mapping[int, DayParts],
    held: Collection[int],
    now: float,
    span: TimeRange,
) -> Settled | None:
    """Return the words for a range; None where :func:`fingerprint` has none."""
    meaning = fingerprint(hours, days, held, now, span)
    if meaning is None:
        return None
    return Settled(
        meaning, _word([_files(day, hours, days) for day in days if day < span.end and day + DAY > span.start])
    )


def fingerprint(
    hours: Mapping[int, HourParts],
    days: Mapping[int, DayParts],
    held: Collection[int],
    now: float,
    span: TimeRange,
) -> str | None:
    """Return a word that stays the same for as long as every answer over ``span`` does.

    ``hours`` and ``days`` are the committed parts by their start, ``held`` the hours (Unix s) with rows
    that are in memory only. None while the range is not over, or some of its rows, or of those before
    it, which its gauges begin with, are in memory.

    A late event gets a higher sequence than all before it, so it changes the last one of its hour and of
    its day; compaction, which changes no answer, keeps both. Whole days are looked at as such: this is
    asked on the event loop, of years.
    """
    if span.end > now or any(hour < span.end for hour in held):
        return None
    low, high = hour_of(span.start), -(-span.end // HOUR) * HOUR
    first, last = min(high, -(-low // DAY) * DAY), max(low, high // DAY * DAY)
    edges = (*range(low, first, HOUR), *range(max(first, last), high, HOUR))
    inside = [(hour, hours[hour].last) for hour in edges if hour in hours]
    whole = [(day, parts.hours, parts.last) for day, parts in sorted(days.items()) if first <= day < last]
    begun = low // DAY * DAY
    before = max((parts.last for day, parts in days.items() if day < begun), default=0)
    before = max([before, *(hours[hour].last for hour in range(begun, low, HOUR) if hour in hours)])
    return _word((inside, whole, before))


def _files(day: int, hours: Mapping[int, HourParts], days: Mapping[int, DayParts]) -> list[str]:
    """Return the names of the files that a day may be read from."""
    parts = days[day]
    names = [] if parts.file is None else [parts.file.part.name]
    if parts.whole:
        # It names all of the hours' own rollups, and is made of these alone.
        return names
    stored = (hours[hour] for hour in range(day, day + DAY, HOUR) if hour in hours)
    return [*names, *(part.name for each in stored for part in (*each.events, *each.rollups))]


def _word(facts: object) -> str:
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:32]
