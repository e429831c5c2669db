"""What goes wrong on a disk, and when: a plan that counts calls, and the real disk under such a plan."""

from __future__ import annotations

import errno
import os
import random
from collections import Counter
from dataclasses import dataclass
from typing import BinaryIO

from telemetryd.storage.files import File, Files

# The verbs that change a disk, and those that only look.
CHANGES = ("create", "write", "sync", "rename", "remove", "remove_folder", "add_folder", "sync_folder", "shorten")
LOOKS = ("open", "read")
PLENTY = 10**9


@dataclass(frozen=True, slots=True)
class Fault:
    """``times`` calls of ``verb`` fail, from the ``nth`` on (1 is the first); for ``verb`` "" any change counts."""

    verb: str
    nth: int
    error: int = errno.EIO
    times: int = 1

    def hits(self, call: int) -> bool:
        return self.nth <= call < self.nth + self.times


class Faults:
    """Counts calls by verb, all changes under "", and raises where the plan says so.

    A write that fails may have written a part of its bytes, as one on a full disk has: :meth:`part`
    says how many.
    """

    def __init__(self, *plan: Fault, seed: int = 0) -> None:
        self.plan = list(plan)
        self.counts: Counter[str] = Counter()
        self.raised: list[str] = []
        self._chosen = random.Random(seed)

    def clear(self) -> None:
        """Let the disk be well from here on."""
        self.plan.clear()

    def pass_by(self, verb: str, path: str) -> None:
        """Count a call; raises OSError where it is one that fails."""
        self.counts[verb] += 1
        self.counts[""] += verb in CHANGES
        for fault in self.plan:
            concerned = fault.verb == verb or (not fault.verb and verb in CHANGES)
            if concerned and fault.hits(self.counts[fault.verb]):
                self.raised.append(verb)
                raise OSError(fault.error, os.strerror(fault.error), path)

    def part(self, size: int) -> int:
        """Return how many bytes of a write that fails are written all the same."""
        return self._chosen.randrange(size + 1)


class FailingFiles(Files):
    """The real filesystem under a plan of faults.

    ``good`` changes are done and then none until it is set anew: a disk that is full, or gone as in
    a crash, without its cache being lost.
    """

    def __init__(self, good: int = PLENTY, faults: Faults | None = None) -> None:
        self.good = good
        self.faults = faults or Faults()

    def read(self, path: str) -> bytes:
        self.faults.pass_by("read", path)
        return super().read(path)

    def open(self, path: str) -> BinaryIO:
        self.faults.pass_by("open", path)
        return super().open(path)

    def _spend(self, verb: str, path: str) -> None:
        if self.good <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)
        self.faults.pass_by(verb, path)
        self.good -= 1

    def create(self, path: str) -> File:
        self._spend("create", path)
        return _FailingFile(super().create(path), self)

    def shorten(self, path: str, size: int) -> None:
        self._spend("shorten", path)
        super().shorten(path, size)

    def rename(self, old: str, new: str) -> None:
        self._spend("rename", old)
        super().rename(old, new)

    def remove(self, path: str) -> None:
        self._spend("remove", path)
        super().remove(path)

    def remove_folder(self, path: str) -> None:
        self._spend("remove_folder", path)
        super().remove_folder(path)

    def make_folder(self, path: str) -> None:
        self._spend("add_folder", path)
        super().make_folder(path)

    def sync_folder(self, path: str) -> None:
        self._spend("sync_folder", path)
        super().sync_folder(path)


class _FailingFile(File):
    def __init__(self, file: File, files: FailingFiles) -> None:
        self.path = file.path
        self._file = file
        self._files = files

    def write(self, data: bytes | memoryview) -> int:
        try:
            self._files._spend("write", self.path)
        except OSError:
            if self._files.good > 0:
                self._file.write(memoryview(data)[: self._files.faults.part(len(data))])
            raise
        return self._file.write(data)

    def sync(self) -> None:
        self._files._spend("sync", self.path)
        self._file.sync()

    def close(self) -> None:
        self._file.close()
