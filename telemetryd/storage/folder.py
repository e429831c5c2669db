"""The metrics folder: what lies where in it, who holds it, and where the bad is set aside."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

from telemetryd.model.errors import FolderInUse, StorageError
from telemetryd.model.timerange import date_of, partition_of

from .files import TMP, Files, Lock

EVENTS: Literal["events"] = "events"
ROLLUPS: Literal["rollups"] = "rollups"
DAYS: Literal["days"] = "days"
JOURNAL = "journal"
QUARANTINE = "quarantine"
LOCK = "lock"
# What is said of folders in which we cannot have made anything, or of which nothing has to be synced.
_NOT_OURS = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.EINVAL})


class Folder:
    """Paths below ``metrics_path``, and the lock that makes this process the only writer.

    Made without touching the disk: :meth:`locked` makes the layout. ``set_aside`` tells what stood in
    its way: where it is now, and why.
    """

    def __init__(self, files: Files, metrics_path: str) -> None:
        self.path = os.path.abspath(os.path.expanduser(metrics_path))
        self.journal = os.path.join(self.path, JOURNAL)
        self.settings = os.path.join(self.path, "settings.json")
        self.set_aside: list[tuple[str, str]] = []
        self._files = files

    def __repr__(self) -> str:
        return f"Folder({self.path!r})"

    @contextmanager
    def locked(self) -> Iterator[Folder]:
        """Hold the folder as its only writer; it is made where it is missing.

        Raises :class:`FolderInUse`, and :class:`StorageError` where it cannot be written.
        """
        lock = self._take()
        try:
            yield self
        finally:
            lock.release()

    def root(self, kind: str) -> str:
        """Return the folder of all partitions of ``events``, ``rollups`` or ``days``."""
        return os.path.join(self.path, kind)

    def partition(self, kind: str, hour: int) -> str:
        """Return the folder of one UTC hour (its start in Unix seconds) of ``events`` or ``rollups``, or of a day of ``days``."""
        return os.path.join(self.path, kind, date_of(hour) if kind == DAYS else partition_of(hour))

    def quarantine(self, path: str) -> str:
        """Set a file or folder aside, below ``quarantine/`` at the place it had; return where it is now.

        Nothing in quarantine is ever written over. Raises OSError.
        """
        *folders, name = os.path.relpath(path, self.path).split(os.sep)
        target = os.path.join(self.path, QUARANTINE)
        for each in folders:
            # A file may have been set aside before under the name of this folder.
            target = self._unused(os.path.join(target, each), or_folder=True)
        self._files.make_folder(target)
        chosen = self._unused(os.path.join(target, name))
        self._files.rename(path, chosen)
        # That it is here has to be durable. A disk that still had it at its old place as well would not
        # matter: the next start sets it aside again.
        self._files.sync_folder(os.path.dirname(chosen))
        return chosen

    def clear(self) -> None:
        """Set aside what stands where folders of ours belong, or files that come and go. Raises OSError."""
        for name in (QUARANTINE, JOURNAL, EVENTS, ROLLUPS, DAYS):
            self._clear(name, self._files.leads_to_folder)
        self._clear(LOCK, self._files.is_file)
        for name in self._files.names(self.path):
            if name.endswith(TMP):
                self._clear(name, self._files.is_file)

    def sync_partition(self, partition: str) -> None:
        """Return once the names in a partition's folder, and those that lead to it, are on disk. Raises OSError."""
        # All the way up: whoever made these folders may have failed before they were durable.
        path = partition
        while path != self.path:
            self._files.sync_folder(path)
            path = os.path.dirname(path)

    def remove_empty(self, partition: str) -> None:
        """Remove a partition's folder, and that of its date, where they are empty. Raises OSError."""
        path = partition
        while os.path.dirname(path) != self.path and self._files.is_folder(path) and not self._files.names(path):
            self._files.remove_folder(path)
            path = os.path.dirname(path)
            self._files.sync_folder(path)

    def _unused(self, path: str, *, or_folder: bool = False) -> str:
        """Return ``path``, or the first of its numbered variants that nothing has, or that is a folder."""
        chosen, copies = path, 0
        while self._files.exists(chosen) and not (or_folder and self._files.is_folder(chosen)):
            copies += 1
            chosen = f"{path}.{copies}"
        return chosen

    def _take(self) -> Lock:
        lock = None
        try:
            self._files.make_folder(self.path)
            if not self._files.exists(os.path.join(self.path, LOCK)):
                self._sync_the_way()
            self._clear(QUARANTINE, self._files.leads_to_folder)
            self._clear(LOCK, self._files.is_file)
            lock = self._files.lock(os.path.join(self.path, LOCK), f"{os.getpid()}\n")
            self.clear()
            for each in (self.journal, self.root(EVENTS), self.root(ROLLUPS), self.root(DAYS)):
                self._files.make_folder(each)
            # Likewise.
            self._files.sync_folder(self.path)
            self._probe()
        except BlockingIOError as error:
            found = f"found it in use by process {error.strerror}" if error.strerror else "found it in use by another"
            raise FolderInUse(f"{self.path}: expected a folder of our own, {found}") from None
        except OSError as error:
            if lock is not None:
                lock.release()
            at = f" ({error.filename})" if error.filename else ""
            found = f"{error.strerror or error}{at}"
            raise StorageError(f"{self.path}: expected a folder that can be written, found: {found}") from None
        return lock

    def _sync_the_way(self) -> None:
        """Make the names that lead to the folder durable: whoever made it may have failed before they were."""
        path = self.path
        while path != (above := os.path.dirname(path)):
            try:
                self._files.sync_folder(above)
            except OSError as error:
                if error.errno not in _NOT_OURS:
                    raise
            path = above

    def _clear(self, name: str, is_ours: Callable[[str], bool]) -> None:
        """Set aside what has a name of ours and is something else: it would stop every start."""
        path = os.path.join(self.path, name)
        if not self._files.exists(path) or is_ours(path):
            return
        if name == QUARANTINE:
            aside = self._unused(path)
            self._files.rename(path, aside)
        else:
            aside = self.quarantine(path)
        self.set_aside.append(
            (
                aside,
                f"expected {'a file' if is_ours == self._files.is_file else 'a folder'} of this name, found something else",
            )
        )

    def _probe(self) -> None:
        """Write and remove a file, so that a folder that takes no bytes is told of at start."""
        path = os.path.join(self.path, "probe" + TMP)
        file = self._files.create(path)
        try:
            file.write(b"telemetryd\n")
            file.sync()
        finally:
            file.close()
            self._files.remove(path)
