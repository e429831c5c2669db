"""Which sources answer a range: whole days, then edge hours, then edge intervals; events where rollups do not fit."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from telemetryd.model.timerange import DAY, HOUR, TimeRange
from telemetryd.rollup.columns import Array, RollupRows
from telemetryd.storage.catalog import DayParts, HourParts
from telemetryd.storage.day_file import WIDTHS, DayFile

# What carries on: a day's file, or an hour.
Carrier: TypeAlias = DayFile | int


@dataclass(frozen=True, slots=True)
class FromDay:
    """Rows of ``width`` s from a day's file, for ``hours`` of it (Unix s); of the width of a day there is one for all."""

    file: DayFile
    width: int
    hours: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class FromHour:
    """The own rollups of an hour (Unix s), which may be seen in intervals of ``width`` s; 0 for as they are."""

    hour: int
    width: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What the range is read from, and who carries on from ``before`` it to what comes ``after`` it, each in order."""

    days: tuple[FromDay, ...]
    hours: tuple[FromHour, ...]
    before: tuple[Carrier, ...]
    after: tuple[Carrier, ...]


def plan(
    hours: Mapping[int, HourParts],
    days: Mapping[int, DayParts],
    held: Collection[int],
    span: TimeRange,
    granule: int,
) -> Plan:
    """Return what answers a range in cells that hold whole ``granule`` s; 0 where it is one cell.

    ``held`` are the hours (Unix s) with rows in memory: these may interleave with what is stored, so
    such an hour is read as it was sampled. The same goes for one that the range cuts in two.
    """
    from_days: list[FromDay] = []
    from_hours: list[FromHour] = []
    before: list[Carrier] = []
    after: list[Carrier] = []
    for day, parts in sorted(days.items()):
        outside = before if day + DAY <= span.start else after if day >= span.end else None
        if outside is not None and parts.whole and parts.file is not None:
            outside.append(parts.file)
            continue
        inside: dict[int, list[int]] = {}
        for hour in range(day, day + DAY, HOUR):
            if hour not in hours:
                continue
            if hour + HOUR <= span.start or hour >= span.end:
                (before if hour < span.start else after).append(hour)
                continue
            width = _width(hour, held, span, granule)
            told = parts.file is not None and hour in parts.told and parts.file.tells(hour, width)
            if told and width in WIDTHS:
                inside.setdefault(width, []).append(hour)
            else:
                from_hours.append(FromHour(hour, width))
        if parts.file is None:
            continue
        if parts.whole and granule % DAY == 0 and len(inside.get(HOUR, ())) == parts.hours and span.start <= day:
            inside = {DAY: inside[HOUR]} if day + DAY <= span.end else inside
        from_days += [FromDay(parts.file, width, tuple(each)) for width, each in inside.items()]
    return Plan(tuple(from_days), tuple(from_hours), tuple(before), tuple(after))


def _width(hour: int, held: Collection[int], span: TimeRange, granule: int) -> int:
    if hour in held or hour < span.start or hour + HOUR > span.end:
        return 0
    return math.gcd(granule, HOUR)


def fits(rows: RollupRows, granule: int, span: TimeRange) -> bool:
    """Whether every interval of some rollup rows lies inside one of ``granule`` s, and ``span`` cuts none in two."""
    return math.gcd(granule, span.start, span.end) % common_width([rows]) == 0


def common_width(sources: Sequence[RollupRows]) -> int:
    """Return the smallest interval (s) that holds whole intervals of all rows, whatever they were sampled at."""
    widths = [rows.width for each in sources for rows in (each.operations, each.queue, each.health)]
    return math.lcm(*np.unique(np.concatenate(widths)).tolist()) if widths else 1


def contested(sources: Sequence[RollupRows], span: TimeRange, width: int) -> Array:
    """Return the starts of intervals of ``width`` s for which more than one source tells of a gauge.

    Each source gives extremes relative to what it knows; only the events of all tell the true ones.
    """
    starts = []
    for each in sources:
        told = np.concatenate([each.queue.start, each.health.start])
        starts.append(np.unique(told[(told >= span.start) & (told < span.end)] // width * width))
    found, count = np.unique(np.concatenate(starts) if starts else np.empty(0, np.int64), return_counts=True)
    return found[count > 1]
