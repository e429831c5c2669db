"""What a disk holds, as a value: what programs see of it, and what a loss of power may leave.

The rules, as hard as any filesystem may be: a write reaches the disk when its file is synced,
until then each sector of 512 bytes may have reached it or not, whole, and so may the file's
length, at any byte. A change of names (create, rename, remove, make and remove a folder)
reaches it when the folder is synced, until then any of them may have, in any order; a rename
is done or not done, never half. A sync that failed says nothing about the bytes before it, and
no later sync makes up for it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain, combinations, product
from typing import TypeAlias

SECTOR = 512
ROOT = 0

Name: TypeAlias = tuple[int, str]
# One change of names, done as a whole or not at all; None for a name that goes.
Change: TypeAlias = tuple[tuple[Name, int | None], ...]
Versions: TypeAlias = Mapping[int, tuple[bytes, ...]]


@dataclass(frozen=True, slots=True)
class Contents:
    """The bytes of a file: ``cached`` is what is read, ``durable`` what is surely on disk.

    ``unsynced`` has for each sector written since the last sync what it held after each write,
    ``doubtful`` the same of those whose sync failed, ``lengths`` the file's lengths since.
    """

    cached: bytes = b""
    durable: bytes = b""
    unsynced: Versions = field(default_factory=dict)
    doubtful: Versions = field(default_factory=dict)
    lengths: tuple[int, ...] = ()

    def written(self, data: bytes) -> Contents:
        """Return the file with ``data`` at its end, in the cache."""
        cached = self.cached + data
        unsynced = dict(self.unsynced)
        for sector in range(len(self.cached) // SECTOR, -(-len(cached) // SECTOR)):
            unsynced[sector] = (*unsynced.get(sector, ()), _sector(cached, sector))
        return replace(self, cached=cached, unsynced=unsynced, lengths=(*self.lengths, len(cached)))

    def shortened(self, size: int) -> Contents:
        """Return the file cut off after ``size`` bytes, in the cache."""
        return replace(self, cached=self.cached[:size], lengths=(*self.lengths, size))

    def synced(self) -> Contents:
        """Return the file with all of the cache on disk, except for what a failed sync left in doubt."""
        in_doubt = {sector: versions for sector, versions in self.doubtful.items() if sector not in self.unsynced}
        durable = _assembled(self.cached, {sector: _sector(self.durable, sector) for sector in in_doubt})
        return Contents(self.cached, _cut(durable, len(self.cached)), {}, in_doubt, ())

    def failed(self) -> Contents:
        """Return the file after a sync that failed: the system takes its bytes for written, and nobody knows."""
        doubtful = dict(self.doubtful)
        for sector, versions in self.unsynced.items():
            doubtful[sector] = doubtful.get(sector, ()) + versions
        return replace(self, unsynced={}, doubtful=doubtful)

    @property
    def settled(self) -> bool:
        """Whether a loss of power can leave only one thing."""
        return not self.unsynced and not self.doubtful and not self.lengths

    def after_crash(self, chosen: random.Random) -> bytes:
        """Return one of the contents that a loss of power can leave."""
        sectors = {sector: chosen.choice(each) for sector, each in self._choices().items()}
        lengths = [len(self.durable), *self.lengths]
        length = chosen.choice([*lengths, chosen.randint(min(lengths), max(lengths))])
        return _cut(_assembled(self.durable, sectors), length)

    def all_after_crash(self) -> Iterator[bytes]:
        """Yield every content that a loss of power can leave, with lengths as they were after some write."""
        choices = self._choices()
        for picked in product(*choices.values()):
            whole = _assembled(self.durable, dict(zip(choices, picked, strict=True)))
            for length in dict.fromkeys([len(self.durable), *self.lengths]):
                yield _cut(whole, length)

    def _choices(self) -> dict[int, tuple[bytes, ...]]:
        choices: dict[int, tuple[bytes, ...]] = {}
        for sector, versions in chain(self.doubtful.items(), self.unsynced.items()):
            choices[sector] = choices.get(sector, (_sector(self.durable, sector),)) + versions
        return choices


@dataclass(frozen=True, slots=True)
class Platter:
    """A whole disk: ``names`` as programs see them, ``durable`` names, and ``pending`` changes in their order.

    A name is a folder's number and a word in it, and stands for the number of a file or a folder.
    """

    names: Mapping[Name, int] = field(default_factory=dict)
    durable: Mapping[Name, int] = field(default_factory=dict)
    pending: tuple[Change, ...] = ()
    files: Mapping[int, Contents] = field(default_factory=dict)
    folders: frozenset[int] = frozenset([ROOT])
    next: int = 1

    def changed(self, change: Change) -> Platter:
        """Return the disk after a change of names that is not durable yet."""
        return replace(self, names=_applied(self.names, [change]), pending=(*self.pending, change))

    def with_file(self, number: int, contents: Contents) -> Platter:
        """Return the disk with other contents of a file."""
        return replace(self, files={**self.files, number: contents})

    def folder_synced(self, folder: int) -> Platter:
        """Return the disk with all names of a folder durable, and what has to come before them."""
        wanted: list[Change] = []
        left: list[Change] = []
        touched: set[Name] = set()
        for change in reversed(self.pending):
            here = {name for name, _ in change}
            if any(parent == folder for parent, _ in here) or here & touched:
                wanted.append(change)
                touched |= here
            else:
                left.append(change)
        return replace(self, durable=_applied(self.durable, wanted[::-1]), pending=tuple(left[::-1]))

    def after_crash(self, chosen: random.Random) -> Platter:
        """Return one of the disks that a loss of power can leave."""
        likely = chosen.choice((0.0, 0.5, 0.5, 1.0))
        happened = [change for change in self.pending if chosen.random() < likely]
        return self._left(happened, {number: each.after_crash(chosen) for number, each in self.files.items()})

    def least_after_crash(self) -> Platter:
        """Return the disk that a loss of power leaves where nothing reached it but what was sure to."""
        return self._left([], {number: each.durable for number, each in self.files.items()})

    def worst_after_crash(self) -> Platter:
        """Return the disk on which of all that was not sure only names that go are gone."""
        gone = [change for change in self.pending if all(number is None for _, number in change)]
        return self._left(gone, {number: each.durable for number, each in self.files.items()})

    def all_after_crash(self) -> Iterator[Platter]:
        """Yield every disk that a loss of power can leave: few, where few things are pending."""
        unsettled = {number: each for number, each in self.files.items() if not each.settled}
        contents = {number: each.durable for number, each in self.files.items()}
        subsets = chain.from_iterable(combinations(self.pending, size) for size in range(len(self.pending) + 1))
        for happened in subsets:
            for picked in product(*(each.all_after_crash() for each in unsettled.values())):
                yield self._left(list(happened), contents | dict(zip(unsettled, picked, strict=True)))

    def listing(self) -> dict[str, bytes | None]:
        """Return what programs see: each path with its bytes, None for a folder."""
        found: dict[str, bytes | None] = {}
        self._list(ROOT, "", found)
        return found

    def _left(self, happened: list[Change], contents: Mapping[int, bytes]) -> Platter:
        names = _applied(self.durable, happened)
        files = {number: Contents(each, each) for number, each in contents.items()}
        return Platter(names, names, (), files, self.folders, self.next)

    def _list(self, folder: int, path: str, found: dict[str, bytes | None]) -> None:
        for (parent, word), number in self.names.items():
            if parent != folder:
                continue
            if number in self.folders:
                found[f"{path}/{word}"] = None
                self._list(number, f"{path}/{word}", found)
            else:
                found[f"{path}/{word}"] = self.files[number].cached


def _applied(names: Mapping[Name, int], changes: list[Change]) -> dict[Name, int]:
    after = dict(names)
    for change in changes:
        for name, number in change:
            if number is None:
                after.pop(name, None)
            else:
                after[name] = number
    return after


def _sector(data: bytes, sector: int) -> bytes:
    """Return what a sector of a file holds; beyond the file's end there are zeros."""
    return data[sector * SECTOR : (sector + 1) * SECTOR].ljust(SECTOR, b"\0")


def _assembled(data: bytes, sectors: Mapping[int, bytes]) -> bytes:
    """Return ``data`` with other contents of some sectors."""
    whole = bytearray(data)
    for sector, contents in sectors.items():
        start = sector * SECTOR
        whole.extend(bytes(max(0, start + SECTOR - len(whole))))
        whole[start : start + SECTOR] = contents
    return bytes(whole)


def _cut(data: bytes, length: int) -> bytes:
    return data[:length].ljust(length, b"\0")
