"""The inventory: what lies in the metrics folder at start, put in order before anything is read.

What never happened is removed, what is not ours or not whole is set aside, what a crash left
half done is undone or finished. Names decide; see the package's invariant.
"""

from __future__ import annotations

import os
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from telemetryd.model.errors import CorruptFile

from .catalog import Catalog
from .day_file import DayFile, describe_day
from .days import superseded
from .files import TMP, Files
from .folder import DAYS, EVENTS, Folder
from .journal import first_sequence_of, read_segment
from .part_file import UnreadablePart, describe, glance, verify
from .part_name import KINDS, Kind, Part, parse_date, parse_hour


@dataclass(frozen=True, slots=True)
class Inventory:
    """What there is: the committed parts, and the segments to replay, by their sequences.

    ``set_aside`` tells of what was quarantined: where it is now, and why. ``removed`` are the
    paths of leftovers.
    """

    catalog: Catalog
    segments: list[str]
    set_aside: list[tuple[str, str]]
    removed: list[str]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What names alone say of segments and parts that lie side by side.

    ``relied_on`` are the compacted parts that make others leftovers.
    """

    replay: list[str]
    stored_already: list[str]
    uncommitted: list[Part]
    covered: list[Part]
    relied_on: list[Part]

    @property
    def leftovers(self) -> list[Part]:
        return [*self.uncommitted, *self.covered]


def judge(segments: Iterable[str], parts: Sequence[Part]) -> Verdict:
    """Decide which parts count.

    A sealed part that begins where a segment begins was never committed, for the commit is that
    segment's removal. A part that a compacted one covers was to be removed after it. A segment
    whose rows a compacted part covers can only have come back: its rows are stored already.
    """
    ordered = sorted(segments, key=os.path.basename)
    firsts = {path: first_sequence_of(path) or 0 for path in ordered}
    compacted = [part for part in parts if part.compacted]
    held = _held(firsts.values(), compacted)
    stored = [path for path in ordered if firsts[path] in held]
    replay = [path for path in ordered if firsts[path] not in held]
    beginnings = {firsts[path] for path in replay}
    uncommitted = [part for part in parts if not part.compacted and part.first in beginnings]
    committed = [part for part in parts if part.compacted or part.first not in beginnings]
    makers = _by_hour(compacted)
    covered = [part for part in committed if any(each.covers(part) for each in makers.get(part.hour, ()))]
    wanted = sorted(held)
    covering = set(_covering(compacted, covered))
    relied_on = [part for part in compacted if part in covering or _first_within(wanted, part)]
    return Verdict(replay, stored, uncommitted, covered, relied_on)


def _held(sequences: Iterable[int], parts: Sequence[Part]) -> set[int]:
    """Return those of some sequences that a part holds."""
    ordered = sorted(parts, key=lambda part: part.first)
    # How far the parts that begin before each place reach.
    reach = list(accumulate((part.last for part in ordered), max))
    begin = [part.first for part in ordered]
    places = ((sequence, bisect_right(begin, sequence)) for sequence in sequences)
    return {sequence for sequence, place in places if place and sequence <= reach[place - 1]}


def _first_within(ordered: Sequence[int], part: Part) -> bool:
    """Whether a part holds any of some sequences."""
    place = bisect_left(ordered, part.first)
    return place < len(ordered) and ordered[place] <= part.last


def _covering(parts: Iterable[Part], covered: Iterable[Part]) -> Iterator[Part]:
    """Yield the parts that cover some of others."""
    leftovers = _by_hour(covered)
    return (part for part in parts if any(part.covers(each) for each in leftovers.get(part.hour, ())))


def _by_hour(parts: Iterable[Part]) -> dict[int, list[Part]]:
    hours: dict[int, list[Part]] = {}
    for part in parts:
        hours.setdefault(part.hour, []).append(part)
    return hours


def take_inventory(files: Files, folder: Folder) -> Inventory:
    """Put the folder in order and return what there is; raises OSError."""
    return _Walk(files, folder).inventory()


@dataclass(frozen=True, slots=True)
class _Damage:
    """What is wrong with a segment, and whether anything of it can be read."""

    readable: bool
    found: str


class _Walk:
    def __init__(self, files: Files, folder: Folder) -> None:
        self._files = files
        self._folder = folder
        self._set_aside: list[tuple[str, str]] = [*folder.set_aside]
        self._removed: list[str] = []

    def inventory(self) -> Inventory:
        segments = list(self._segments())
        parts = [part for kind in KINDS for part in self._parts(kind)]
        verdict = judge(segments, parts)
        while self._doubted(verdict, segments, parts):
            verdict = judge(segments, parts)
        self._make_durable(verdict.relied_on)
        for path in verdict.stored_already:
            self._quarantine(path, "a segment whose rows are in a compacted part already")
        for part in verdict.leftovers:
            self._remove(part.path)
        left = set(verdict.leftovers)
        for partition in sorted({os.path.dirname(part.path) for part in left}):
            self._folder.remove_empty(partition)
        parts = [part for part in parts if part not in left]
        days = list(self._days())
        for file in (old := superseded(days, (part.hour for part in parts))):
            self._remove(file.part.path)
            self._folder.remove_empty(os.path.dirname(file.part.path))
        catalog = Catalog(self._files, parts, [file for file in days if file not in old])
        return Inventory(catalog, verdict.replay, self._set_aside, self._removed)

    def _doubted(self, verdict: Verdict, segments: list[str], parts: list[Part]) -> bool:
        """Set aside what is damaged itself and would have others removed; return whether there was any."""
        made_of: dict[int, list[Part]] = {}
        for part in verdict.uncommitted:
            made_of.setdefault(part.first, []).append(part)
        for path in verdict.replay:
            made = made_of.get(first_sequence_of(path) or 0, [])
            if made and (reason := self._damage(path)):
                if not reason.readable or self._hold_everything(made):
                    self._make_durable(made)
                    segments.remove(path)
                    self._quarantine(path, f"{reason.found}; its parts are whole")
                else:
                    for part in made:
                        parts.remove(part)
                        self._quarantine(part.path, "expected all parts of a damaged segment, found some of them")
                return True
        for part in _covering(parts, verdict.covered):
            try:
                verify(self._files, part)
            except UnreadablePart as error:
                parts.remove(part)
                self._quarantine(part.path, str(error))
                return True
        return False

    def _make_durable(self, parts: Iterable[Part]) -> None:
        """Make the names of parts durable: whoever made them may have been killed before they were."""
        for partition in sorted({os.path.dirname(part.path) for part in parts}):
            self._folder.sync_partition(partition)

    def _damage(self, path: str) -> _Damage | None:
        try:
            content = read_segment(self._files, path)
        except CorruptFile as error:
            return _Damage(readable=False, found=str(error))
        return _Damage(readable=True, found=f"{content.lost} bytes of it are damaged") if content.lost else None

    def _hold_everything(self, made: Sequence[Part]) -> bool:
        """Whether the parts that were made of one segment hold every row that their names tell of."""
        rows = 0
        try:
            for part in made:
                verify(self._files, part)
                rows += describe(self._files, part).metadata.num_rows if part.kind == EVENTS else 0
        except UnreadablePart:
            return False
        return rows == made[0].last - made[0].first + 1

    def _segments(self) -> Iterator[str]:
        for path in self._entries(self._folder.journal):
            if first_sequence_of(path) is None or not self._files.is_file(path):
                self._quarantine(path, "expected a segment of the journal")
            else:
                yield path

    def _parts(self, kind: Kind) -> Iterator[Part]:
        for date in self._entries(self._folder.root(kind)):
            for hour in self._below(date):
                start = parse_hour(os.path.basename(date), os.path.basename(hour))
                if start is None:
                    self._quarantine(hour, "expected date=YYYY-MM-DD/hour=HH")
                    continue
                found = [part for path in self._below(hour) for part in self._part(path, kind, start)]
                yield from found
                if not found:
                    self._folder.remove_empty(hour)
            self._folder.remove_empty(date)

    def _part(self, path: str, kind: Kind, hour: int) -> Iterator[Part]:
        part = Part.parse(path, kind, hour) if self._files.is_file(path) else None
        if part is None:
            self._quarantine(path, "expected a part")
            return
        try:
            # What chooses row groups and says where columns are; the pages are verified when they are read.
            glance(self._files, part)
        except UnreadablePart as error:
            self._quarantine(path, str(error))
        else:
            yield replace(part, size=self._files.size(path))

    def _days(self) -> Iterator[DayFile]:
        for date in self._entries(self._folder.root(DAYS)):
            day = parse_date(os.path.basename(date))
            if day is None:
                self._quarantine(date, "expected date=YYYY-MM-DD")
                continue
            for path in self._below(date):
                part = Part.parse(path, DAYS, day) if self._files.is_file(path) else None
                if part is None:
                    self._quarantine(path, "expected the file of a day")
                    continue
                try:
                    file = describe_day(self._files, part)
                except UnreadablePart as error:
                    self._quarantine(path, str(error))
                else:
                    yield replace(file, part=replace(part, size=self._files.size(path)))
            self._folder.remove_empty(date)

    def _below(self, path: str) -> Iterator[str]:
        """Yield what is in a folder; what should be one and is not goes to quarantine."""
        if not self._files.is_folder(path):
            self._quarantine(path, "expected a folder")
            return
        yield from self._entries(path)

    def _entries(self, folder: str) -> Iterator[str]:
        for name in self._files.names(folder):
            path = os.path.join(folder, name)
            if name.endswith(TMP) and not self._files.is_folder(path):
                self._remove(path)
            else:
                yield path

    def _quarantine(self, path: str, reason: str) -> None:
        self._set_aside.append((self._folder.quarantine(path), reason))

    def _remove(self, path: str) -> None:
        self._files.remove(path)
        self._files.sync_folder(os.path.dirname(path))
        self._removed.append(path)
