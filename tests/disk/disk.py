"""A disk in memory, which can lose its power at any call and on which any call can go wrong."""

from __future__ import annotations

import errno
import io
import os
import random
import threading
from collections.abc import Callable
from typing import BinaryIO, cast

from telemetryd.storage.files import File, Files, Lock

from .faults import Faults
from .platter import ROOT, Contents, Name, Platter

# Where tests may make folders; it is there, durably, on every disk.
MOUNT = "/disk"


class PowerCut(BaseException):
    """The machine is off: nothing that runs on it goes on, so nothing may catch this."""


class CrashDisk(Files):
    """The filesystem's verbs over a :class:`Platter`.

    ``calls`` counts those that change something. With ``cut_at`` the power goes at that call (0 is
    the first), before it does anything; what comes after it raises :class:`PowerCut`. ``watch`` is
    called before every change, with its number and verb. ``mistrusted`` names files that were used
    again after their sync had failed: there should be none.
    """

    def __init__(self, platter: Platter | None = None, faults: Faults | None = None) -> None:
        self.platter = platter or _formatted()
        self.faults = faults or Faults()
        self.calls = 0
        self.cut_at: int | None = None
        self.off = False
        self.watch: Callable[[int, str], None] = lambda call, verb: None
        self.mistrusted: list[str] = []
        self._locks: dict[str, str] = {}
        self._one_at_a_time = threading.RLock()

    def crashed(self, chosen: random.Random) -> CrashDisk:
        """Return one of the disks that a loss of power leaves."""
        return CrashDisk(self.platter.after_crash(chosen))

    def killed(self) -> CrashDisk:
        """Return the disk as the next process finds it where only this one is killed: the cache is still there."""
        return CrashDisk(self.platter)

    def create(self, path: str) -> File:
        with self._changing("create", path):
            name = self._name(path)
            if self.platter.names.get(name) in self.platter.folders:
                raise _error(errno.EISDIR, path)
            number = self.platter.next
            self._put(self.platter.with_file(number, Contents()).changed(((name, number),)), number + 1)
            return _CrashFile(self, number, path)

    def open(self, path: str) -> BinaryIO:
        return cast(BinaryIO, _Reading(self, path, self._read("open", path)))

    def read(self, path: str) -> bytes:
        return self._read("read", path)

    def size(self, path: str) -> int:
        with self._one_at_a_time:
            return len(self._contents(path).cached)

    def names(self, path: str) -> list[str]:
        with self._one_at_a_time:
            self._alive()
            folder = self._number(path)
            if folder is None:
                return []
            if folder not in self.platter.folders:
                raise _error(errno.ENOTDIR, path)
            return sorted(word for parent, word in self.platter.names if parent == folder)

    def is_folder(self, path: str) -> bool:
        with self._one_at_a_time:
            return self._number(path) in self.platter.folders

    def leads_to_folder(self, path: str) -> bool:
        return self.is_folder(path)

    def leads_to_file(self, path: str) -> bool:
        return self.is_file(path)

    def shorten(self, path: str, size: int) -> None:
        with self._changing("shorten", path):
            contents = self._contents(path)
            self.platter = self.platter.with_file(self._existing(path), contents.shortened(size).synced())

    def is_file(self, path: str) -> bool:
        with self._one_at_a_time:
            return self._number(path) in self.platter.files

    def exists(self, path: str) -> bool:
        with self._one_at_a_time:
            return self._number(path) is not None

    def rename(self, old: str, new: str) -> None:
        with self._changing("rename", old):
            number, target = self._existing(old), self._name(new)
            if self.platter.names.get(target) in self.platter.folders:
                raise _error(errno.EISDIR, new)
            self._put(self.platter.changed(((self._name(old), None), (target, number))))

    def remove(self, path: str) -> None:
        with self._changing("remove", path):
            if self._existing(path) in self.platter.folders:
                raise _error(errno.EISDIR, path)
            self._put(self.platter.changed(((self._name(path), None),)))

    def remove_folder(self, path: str) -> None:
        with self._changing("remove_folder", path):
            folder = self._existing(path)
            if folder not in self.platter.folders:
                raise _error(errno.ENOTDIR, path)
            if any(parent == folder for parent, _ in self.platter.names):
                raise _error(errno.ENOTEMPTY, path)
            self._put(self.platter.changed(((self._name(path), None),)))

    def add_folder(self, path: str) -> bool:
        with self._changing("add_folder", path):
            name, number = self._name(path), self.platter.next
            there = self.platter.names.get(name)
            if there is not None and there not in self.platter.folders:
                raise _error(errno.EEXIST, path)
            if there is not None:
                return False
            self._put(self.platter.changed(((name, number),)), number + 1, folder=number)
            return True

    def sync_folder(self, path: str) -> None:
        with self._changing("sync_folder", path):
            folder = self._existing(path)
            if folder not in self.platter.folders:
                raise _error(errno.ENOTDIR, path)
            self._put(self.platter.folder_synced(folder))

    def lock(self, path: str, note: str) -> Lock:
        with self._one_at_a_time:
            if path in self._locks:
                raise BlockingIOError(errno.EWOULDBLOCK, self._locks[path].strip(), path)
            if not self.exists(path):
                self.create(path).close()
            self._locks[path] = note
            return _CrashLock(self._locks, path)

    def _changing(self, verb: str, path: str) -> threading.RLock:
        """Let the power go, or the call go wrong, if now is the time; else hold the disk for one change."""
        with self._one_at_a_time:
            self._alive()
            if self.calls == self.cut_at:
                self.off = True
                raise PowerCut(f"at call {self.calls}, {verb} {path}")
            self.watch(self.calls, verb)
            self.calls += 1
            self.faults.pass_by(verb, path)
        return self._one_at_a_time

    def _alive(self) -> None:
        if self.off:
            raise PowerCut("the machine is off")

    def _read(self, verb: str, path: str) -> bytes:
        with self._one_at_a_time:
            self._alive()
            self.faults.pass_by(verb, path)
            return self._contents(path).cached

    def _contents(self, path: str) -> Contents:
        number = self._existing(path)
        if number in self.platter.folders:
            raise _error(errno.EISDIR, path)
        return self.platter.files[number]

    def _existing(self, path: str) -> int:
        number = self._number(path)
        if number is None:
            raise _error(errno.ENOENT, path)
        return number

    def _number(self, path: str) -> int | None:
        """Return the number of what a path names, or None where nothing has that name."""
        number = ROOT
        for word in filter(None, path.split("/")):
            found = self.platter.names.get((number, word))
            if found is None:
                return None
            number = found
        return number

    def _name(self, path: str) -> Name:
        """Return a path as a name in a folder, which has to be there."""
        above, _, word = path.rstrip("/").rpartition("/")
        folder = self._existing(above)
        if folder not in self.platter.folders:
            raise _error(errno.ENOTDIR, path)
        return folder, word

    def _put(self, platter: Platter, following: int | None = None, folder: int | None = None) -> None:
        folders = platter.folders if folder is None else platter.folders | {folder}
        self.platter = Platter(
            platter.names, platter.durable, platter.pending, platter.files, folders, following or platter.next
        )


class _CrashFile(File):
    def __init__(self, disk: CrashDisk, number: int, path: str) -> None:
        self.path = path
        self._disk = disk
        self._number = number
        self._failed = False

    def write(self, data: bytes | memoryview) -> int:
        whole = bytes(data)
        self._note()
        try:
            with self._disk._changing("write", self.path):
                self._add(whole)
        except OSError:
            self._add(whole[: self._disk.faults.part(len(whole))])
            raise
        return len(whole)

    def sync(self) -> None:
        self._note()
        try:
            with self._disk._changing("sync", self.path):
                self._become(self._contents.synced())
        except OSError:
            self._failed = True
            self._become(self._contents.failed())
            raise

    def close(self) -> None:
        """Nothing is said of what is on disk."""

    def _note(self) -> None:
        if self._failed:
            self._disk.mistrusted.append(self.path)

    @property
    def _contents(self) -> Contents:
        return self._disk.platter.files[self._number]

    def _add(self, data: bytes) -> None:
        if data:
            self._become(self._contents.written(data))

    def _become(self, contents: Contents) -> None:
        self._disk.platter = self._disk.platter.with_file(self._number, contents)


class _CrashLock(Lock):
    def __init__(self, locks: dict[str, str], path: str) -> None:
        self._locks = locks
        self._path = path

    def release(self) -> None:
        self._locks.pop(self._path, None)


class _Reading(io.BytesIO):
    """A file open for reading, each read of which is a call that can go wrong."""

    def __init__(self, disk: CrashDisk, path: str, data: bytes) -> None:
        super().__init__(data)
        self._disk = disk
        self._path = path

    def read(self, size: int | None = -1, /) -> bytes:
        self._disk._alive()
        self._disk.faults.pass_by("read", self._path)
        return super().read(size)


def _formatted() -> Platter:
    name: Name = (ROOT, MOUNT.strip("/"))
    platter = Platter().changed(((name, 1),))
    return Platter(platter.names, platter.names, (), {}, frozenset([ROOT, 1]), 2)


def _error(number: int, path: str) -> OSError:
    return OSError(number, os.strerror(number), path)
