"""The catalog: which committed parts there are, hour by hour.

It is built by listing the folder at start and changed in single steps; a reader's view never
changes under it.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from telemetryd.model.timerange import DAY, HOUR, day_of
from telemetryd.rollup.carry import Carry

from .day_file import DayFile
from .files import Files
from .part import read_carry
from .part_name import Part

# Carries remembered; beyond it the one unused for longest is read again from its file.
MAX_CARRIES = 4096


@dataclass(frozen=True, slots=True)
class HourParts:
    """The committed parts of one UTC hour, in order of their sequences."""

    events: tuple[Part, ...] = ()
    rollups: tuple[Part, ...] = ()

    @property
    def detailed(self) -> bool:
        """Whether the events parts hold every row that the rollups summarise."""
        rows = self.events
        spoken = all(any(part.spans(rollup) for part in rows) for rollup in self.rollups)
        return bool(rows) and spoken and not any(part.level == "kept" for part in rows)

    @property
    def last(self) -> int:
        """The highest sequence in these parts, 0 without any."""
        return max((part.last for part in (*self.events, *self.rollups)), default=0)

    def is_told_by(self, rollup: str) -> bool:
        """Whether a rollup of this name tells all that is stored of the hour."""
        return (
            len(self.rollups) == 1
            and self.rollups[0].name == rollup
            and all(self.rollups[0].spans(part) for part in self.events)
        )

    def changed(self, old: Iterable[Part], new: Iterable[Part]) -> HourParts:
        """Return these parts without ``old`` and with ``new``."""
        gone, added = set(old), tuple(new)
        kept = [part for part in (*self.events, *self.rollups) if part not in gone and part not in added]
        parts = sorted((*kept, *added), key=lambda part: (part.first, part.last))
        return HourParts(
            tuple(part for part in parts if part.kind == "events"),
            tuple(part for part in parts if part.kind == "rollups"),
        )


class DayParts(NamedTuple):
    """One UTC day: how many of its hours have parts, the highest sequence in them, and the file of the day.

    ``told`` are the hours (Unix s) of which that file still tells all that is stored.
    """

    hours: int
    last: int
    file: DayFile | None = None
    told: frozenset[int] = frozenset()

    @property
    def whole(self) -> bool:
        """Whether the file tells all that is stored of the day, and nothing else."""
        return self.file is not None and len(self.told) == self.hours == len(self.file.made_of)

    @classmethod
    def of(cls, day: int, hours: Mapping[int, HourParts], file: DayFile | None = None) -> DayParts:
        """Return what some hours hold of the day that begins at ``day`` (Unix s)."""
        mine = {hour: hours[hour] for hour in range(day, day + DAY, HOUR) if hour in hours}
        made_of = {} if file is None else file.made_of
        told = frozenset(hour for hour, parts in mine.items() if parts.is_told_by(made_of.get(hour, "")))
        return cls(len(mine), max((parts.last for parts in mine.values()), default=0), file, told)


class Catalog:
    """All committed parts. One thread changes it; any thread may look."""

    def __init__(self, files: Files, parts: Iterable[Part] = (), days: Iterable[DayFile] = ()) -> None:
        self._files = files
        self._day_files: dict[int, DayFile] = {file.day: file for file in days}
        self._hours: Mapping[int, HourParts] = MappingProxyType({})
        self._days: Mapping[int, DayParts] = MappingProxyType({})
        self._carries: OrderedDict[str, Carry] = OrderedDict()
        self._lock = threading.Lock()
        self.add(parts)

    def __repr__(self) -> str:
        return f"Catalog({len(self._hours)} hours, {self.bytes} bytes)"

    def view(self) -> Mapping[int, HourParts]:
        """Return the parts of each hour (its start in Unix seconds) as they are now, for good."""
        return self._hours

    def days(self) -> Mapping[int, DayParts]:
        """Return the same in a word a day (its start in Unix seconds), for who need not look at every hour."""
        return self._days

    @property
    def bytes(self) -> int:
        """The size on disk of all parts together."""
        days = sum(file.part.size for file in self._day_files.values())
        return days + sum(part.size for parts in self._hours.values() for part in (*parts.events, *parts.rollups))

    @property
    def orphans(self) -> list[DayFile]:
        """The files of days that have no hours any more."""
        return [file for day, file in self._day_files.items() if day not in self._days]

    @property
    def last(self) -> int:
        """The highest sequence that a part's name tells, 0 without parts: new rows must come after it."""
        return max((day.last for day in self._days.values()), default=0)

    def add(self, parts: Iterable[Part]) -> None:
        """Add parts of any hours, in one step."""
        hours, days = dict(self._hours), set()
        for part in parts:
            hours[part.hour] = hours.get(part.hour, HourParts()).changed((), (part,))
            days.add(day_of(part.hour))
        self._become(hours, days)

    def replace(self, hour: int, old: Iterable[Part], new: Iterable[Part]) -> None:
        """Put ``new`` parts of an hour in the place of ``old`` ones, in one step."""
        old = tuple(old)
        changed = self._hours.get(hour, HourParts()).changed(old, new)
        hours = dict(self._hours)
        if changed == HourParts():
            hours.pop(hour, None)
        else:
            hours[hour] = changed
        self._become(hours, (day_of(hour),))
        with self._lock:
            for part in old:
                self._carries.pop(part.path, None)

    def put_day(self, file: DayFile) -> None:
        """Let a file tell of its day from now on, in one step."""
        self._day_files[file.day] = file
        self._become(dict(self._hours), (file.day,))

    def drop_day(self, file: DayFile) -> None:
        """Do without a day's file, in one step; its hours tell of the day."""
        if self._day_files.get(file.day) == file:
            del self._day_files[file.day]
            self._become(dict(self._hours), (file.day,))
        with self._lock:
            self._carries.pop(file.part.path, None)

    def carry(self, part: Part) -> Carry:
        """Return what a rollup part says of the moves in it; raises CorruptFile, OSError."""
        with self._lock:
            carry = self._carries.get(part.path)
            if carry is not None:
                self._carries.move_to_end(part.path)
                return carry
        carry = read_carry(self._files, part)
        with self._lock:
            self._carries[part.path] = carry
            if len(self._carries) > MAX_CARRIES:
                self._carries.popitem(last=False)
        return carry

    def _become(self, hours: dict[int, HourParts], days: Iterable[int]) -> None:
        """Hold these hours from now on, which differ in some days."""
        changed = dict(self._days) | {day: DayParts.of(day, hours, self._day_files.get(day)) for day in days}
        self._hours = MappingProxyType(hours)
        self._days = MappingProxyType({day: parts for day, parts in changed.items() if parts.hours})
