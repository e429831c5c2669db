"""Compaction: the parts of a finished hour become one events file and one rollup file.

The new files are in place before the old ones go, and their names say which old ones they
cover: at no instant does a crash lose a row or count one twice.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np

from telemetryd.model.errors import CorruptFile
from telemetryd.model.timerange import HOUR
from telemetryd.rollup.columns import EventColumns

from .catalog import HourParts
from .files import Files
from .folder import EVENTS, ROLLUPS, Folder
from .merging import LostPart, merged_rows
from .part import EventsWriter, read_carry, read_rollups, write_rollups
from .part_name import Part
from .summary import Summary

# Rollups of an hour that is not over yet before it is compacted all the same: a start reads every part's
# footer, and a query every part, so that a daemon that is restarted again and again must not gather thousands.
MANY = 64


@dataclass(frozen=True, slots=True)
class Merge:
    """The parts of one hour that are to become one of each kind."""

    hour: int
    parts: HourParts


@dataclass(frozen=True, slots=True)
class Merged:
    """``new`` parts are in place; ``old`` ones are to be forgotten, then removed.

    ``set_aside`` tells of sources that could not be read: where they are now, and why.
    """

    hour: int
    old: tuple[Part, ...]
    new: tuple[Part, ...]
    set_aside: tuple[tuple[str, str], ...] = ()


def plan(view: Mapping[int, HourParts], now: float, grace: float) -> list[Merge]:
    """Return the hours that are not compacted and ended at least ``grace`` s ago, or have ``MANY`` parts, oldest first."""
    due = (hour for hour in sorted(view) if hour + HOUR + grace <= now or len(view[hour].rollups) >= MANY)
    return [Merge(hour, view[hour]) for hour in due if not is_compacted(view[hour])]


def is_compacted(parts: HourParts) -> bool:
    """Whether an hour is one file of each kind, or of the one that is left."""
    return not _rewrite_events(parts) and not _rewrite_rollups(parts)


def merge(files: Files, folder: Folder, merge: Merge, interval: int) -> Merged:
    """Write the files that take the place of an hour's parts, durably.

    A rollup is built anew from the rows, in samples of ``interval`` s, where all of them are
    still there, and else merged. Sources that cannot be read are quarantined and done without,
    as are those that somebody removed.
    Raises OSError; nothing new is left behind then.
    """
    parts = merge.parts
    lost: list[Part] = []
    set_aside: list[tuple[str, str]] = []
    while True:
        work = _Work(files, folder, merge, parts, interval)
        try:
            work.run()
        except LostPart as error:
            work.undo()
            path = error.part.path
            set_aside.append((folder.quarantine(path) if files.exists(path) else path, str(error)))
            lost.append(error.part)
            parts = parts.changed((error.part,), ())
        except BaseException:
            work.undo()
            raise
        else:
            return Merged(merge.hour, (*work.old, *lost), tuple(work.new), tuple(set_aside))


def remove(files: Files, folder: Folder, old: Iterable[Part]) -> None:
    """Remove parts that the catalog no longer names, durably; may be called again. Raises OSError."""
    removed = [part for part in old if files.exists(part.path)]
    for part in removed:
        files.remove(part.path)
    for partition in sorted({os.path.dirname(part.path) for part in removed}):
        files.sync_folder(partition)
        folder.remove_empty(partition)


def _rewrite_events(parts: HourParts) -> bool:
    return len(parts.events) > 1 or any(not part.compacted for part in parts.events)


def _rewrite_rollups(parts: HourParts) -> bool:
    return len(parts.rollups) != 1 or not parts.rollups[0].compacted or bool(_unspoken(parts))


def _unspoken(parts: HourParts) -> list[Part]:
    """Return the events parts of whose rows no rollup speaks, for theirs was lost."""
    return [part for part in parts.events if not any(part.meets(rollup) for rollup in parts.rollups)]


class _Work:
    """One try at a merge: ``new`` parts are in place, ``old`` are those that they replace."""

    def __init__(self, files: Files, folder: Folder, merge: Merge, parts: HourParts, interval: int) -> None:
        everything = (*merge.parts.events, *merge.parts.rollups)
        self._files = files
        self._folder = folder
        self._hour = merge.hour
        self._first = min(part.first for part in everything)
        self._last = max(part.last for part in everything)
        self._parts = parts
        self._interval = interval
        self._brief = [part for part in parts.events if part.level == "brief"]
        self._detailed = [part for part in parts.events if part.level != "brief"]
        self._summary = Summary(interval)
        self.new: list[Part] = []
        self.old: list[Part] = []

    def run(self) -> None:
        """Write what has to be written, events first: their name tells whether rows were dropped."""
        if not self._parts.events and not self._parts.rollups:
            return
        rewrite_rollups = _rewrite_rollups(self._parts)
        self._write_events(summarise=rewrite_rollups and self._parts.detailed)
        if rewrite_rollups:
            if not self._parts.detailed:
                self._gather_rollups()
            self._write_rollups()

    def undo(self) -> None:
        """Remove what was written, as far as the disk lets us: at start, names tell what is left over."""
        with suppress(OSError):
            remove(self._files, self._folder, self.new)

    def _write_events(self, *, summarise: bool) -> None:
        rewrite = _rewrite_events(self._parts) and not (len(self._detailed) == 1 and self._detailed[0].compacted)
        keep = bool(self._detailed) and rewrite
        if not keep and not summarise:
            self.old += self._brief
            return
        whole = self._parts.detailed and not self._brief
        part = Part.named(self._folder, EVENTS, self._hour, "hour" if whole else "kept", self._first, self._last)
        writer = EventsWriter(self._files, part.path) if keep else None
        try:
            for rows in merged_rows(self._files, self._parts.events if summarise else self._detailed):
                if summarise:
                    self._summary.add_rows(rows)
                if writer is not None and len(kept := self._without_brief(rows)):
                    writer.write(kept)
            if writer is not None:
                self._publish(part, writer.finish())
        except BaseException:
            if writer is not None:
                writer.abandon()
            raise
        self.old += self._parts.events if keep else self._brief

    def _without_brief(self, rows: EventColumns) -> EventColumns:
        dropped = np.zeros(len(rows), dtype=bool)
        for part in self._brief:
            dropped |= (rows.sequence >= part.first) & (rows.sequence <= part.last)
        return rows.take(~dropped) if dropped.any() else rows

    def _gather_rollups(self) -> None:
        """Gather the rollups there are, and build those of rows that no rollup speaks of."""
        for part in sorted((*self._parts.rollups, *_unspoken(self._parts)), key=lambda part: part.first):
            if part.kind == EVENTS:
                for rows in merged_rows(self._files, [part]):
                    self._summary.add_rows(rows)
                continue
            try:
                self._summary.add(read_rollups(self._files, part), read_carry(self._files, part))
            except (CorruptFile, FileNotFoundError) as error:
                raise LostPart(part, error) from error

    def _write_rollups(self) -> None:
        part = Part.named(self._folder, ROLLUPS, self._hour, "hour", self._first, self._last)
        self._files.make_folder(os.path.dirname(part.path))
        self._publish(part, write_rollups(self._files, part.path, self._summary.rows(), self._summary.carry()))
        self.old += self._parts.rollups

    def _publish(self, part: Part, size: int) -> None:
        self.new.append(replace(part, size=size))
        self._folder.sync_partition(os.path.dirname(part.path))
