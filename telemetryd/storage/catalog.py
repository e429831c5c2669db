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

from telemetryd.rollup.carry import Carry

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

    def changed(self, old: Iterable[Part], new: Iterable[Part]) -> HourParts:
        """Return these parts without ``old`` and with ``new``."""
        gone, added = set(old), tuple(new)
        kept = [part for part in (*self.events, *self.rollups) if part not in gone and part not in added]
        parts = sorted((*kept, *added), key=lambda part: (part.first, part.last))
        return HourParts(
            tuple(part for part in parts if part.kind == "events"),
            tuple(part for part in parts if part.kind == "rollups"),
        )


class Catalog:
    """All committed parts. One thread changes it; any thread may look."""

    def __init__(self, files: Files, parts: Iterable[Part] = ()) -> None:
        self._files = files
        self._hours: Mapping[int, HourParts] = MappingProxyType({})
        self._carries: OrderedDict[str, Carry] = OrderedDict()
        self._lock = threading.Lock()
        self.add(parts)

    def __repr__(self) -> str:
        return f"Catalog({len(self._hours)} hours, {self.bytes} bytes)"

    def view(self) -> Mapping[int, HourParts]:
        """Return the parts of each hour (its start in Unix seconds) as they are now, for good."""
        return self._hours

    @property
    def bytes(self) -> int:
        """The size on disk of all parts together."""
        return sum(part.size for parts in self._hours.values() for part in (*parts.events, *parts.rollups))

    @property
    def last(self) -> int:
        """The highest sequence that a part's name tells, 0 without parts: new rows must come after it."""
        return max((part.last for parts in self._hours.values() for part in (*parts.events, *parts.rollups)), default=0)

    def add(self, parts: Iterable[Part]) -> None:
        """Add parts of any hours, in one step."""
        hours = dict(self._hours)
        for part in parts:
            hours[part.hour] = hours.get(part.hour, HourParts()).changed((), (part,))
        self._hours = MappingProxyType(hours)

    def replace(self, hour: int, old: Iterable[Part], new: Iterable[Part]) -> None:
        """Put ``new`` parts of an hour in the place of ``old`` ones, in one step."""
        old = tuple(old)
        changed = self._hours.get(hour, HourParts()).changed(old, new)
        hours = dict(self._hours)
        if changed == HourParts():
            hours.pop(hour, None)
        else:
            hours[hour] = changed
        self._hours = MappingProxyType(hours)
        with self._lock:
            for part in old:
                self._carries.pop(part.path, None)

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
