"""The inventory: what lies in the metrics folder at start, put in order before anything is read.

What never happened is removed, what is not ours or not whole is set aside, what a crash left
half done is undone or finished. Names decide; see the package's invariant.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from .catalog import Catalog
from .files import TMP, Files
from .folder import Folder
from .journal import first_sequence_of
from .part_name import KINDS, Kind, Part, parse_hour

# How a Parquet file ends; one that does not was cut off.
_MAGIC = b"PAR1"


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
    """What names alone say of segments and parts that lie side by side."""

    replay: list[str]
    stored_already: list[str]
    uncommitted: list[Part]
    covered: list[Part]

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
    stored = [path for path in ordered if any(part.first <= firsts[path] <= part.last for part in compacted)]
    replay = [path for path in ordered if path not in stored]
    beginnings = {firsts[path] for path in replay}
    uncommitted = [part for part in parts if not part.compacted and part.first in beginnings]
    covers: dict[int, list[Part]] = {}
    for part in compacted:
        covers.setdefault(part.hour, []).append(part)
    committed = (part for part in parts if part not in uncommitted)
    covered = [part for part in committed if any(each.covers(part) for each in covers.get(part.hour, ()))]
    return Verdict(replay, stored, uncommitted, covered)


def take_inventory(files: Files, folder: Folder) -> Inventory:
    """Put the folder in order and return what there is; raises OSError."""
    return _Walk(files, folder).inventory()


class _Walk:
    def __init__(self, files: Files, folder: Folder) -> None:
        self._files = files
        self._folder = folder
        self._set_aside: list[tuple[str, str]] = []
        self._removed: list[str] = []

    def inventory(self) -> Inventory:
        segments = list(self._segments())
        parts = [part for kind in KINDS for part in self._parts(kind)]
        verdict = judge(segments, parts)
        for path in verdict.stored_already:
            self._quarantine(path, "a segment whose rows are in a compacted part already")
        for part in verdict.leftovers:
            self._remove(part.path)
        left = set(verdict.leftovers)
        for partition in sorted({os.path.dirname(part.path) for part in left}):
            self._folder.remove_empty(partition)
        catalog = Catalog(self._files, [part for part in parts if part not in left])
        return Inventory(catalog, verdict.replay, self._set_aside, self._removed)

    def _segments(self) -> Iterator[str]:
        for path in self._entries(self._folder.journal):
            if first_sequence_of(path) is None or self._files.is_folder(path):
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
                for path in self._below(hour):
                    yield from self._part(path, kind, start)
                self._folder.remove_empty(hour)
            self._folder.remove_empty(date)

    def _part(self, path: str, kind: Kind, hour: int) -> Iterator[Part]:
        if self._files.is_folder(path) or Part.parse(path, kind, hour) is None:
            self._quarantine(path, "expected a part")
            return
        size = self._files.size(path)
        part = Part.parse(path, kind, hour, size)
        if not self._ends_well(path, size):
            self._quarantine(path, "expected a whole Parquet file")
        elif part is not None:
            yield part

    def _ends_well(self, path: str, size: int) -> bool:
        with self._files.open(path) as file:
            file.seek(max(0, size - len(_MAGIC)))
            return file.read(len(_MAGIC)) == _MAGIC

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
