"""The folders of the reports on disk: made, filled, read and removed.

A path is made of the shelf's folder, a report's id and one of ``FILES``, of nothing else; links are
never followed. What is not ours stays where it is.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress

from telemetryd.storage.files import TMP, Files, remove_if_there

from .record import FILES, JSON, REPORT_ID

# A report's folder that is being removed: found at start, it is removed to the end.
_GONE = ".removed"


class Shelf:
    """All reports below one folder. Every verb raises :class:`OSError`."""

    def __init__(self, files: Files, folder: str) -> None:
        self.folder = os.path.abspath(os.path.expanduser(folder))
        self._files = files

    def path(self, report_id: str) -> str:
        """Return the folder of a report."""
        return os.path.join(self.folder, report_id)

    def file(self, report_id: str, name: str) -> str:
        """Return the path of a report's file."""
        return os.path.join(self.path(report_id), name)

    def is_taken(self, report_id: str) -> bool:
        """Return whether anything has the name of a report."""
        return self._files.exists(self.path(report_id))

    def make(self, report_id: str) -> None:
        """Make the empty folder of a new report, and those above it."""
        self._files.make_folder(self.path(report_id))

    def put(self, report_id: str, name: str, pieces: Iterable[bytes], *, durable: bool = False) -> int:
        """Put a file into a report, whole or not at all; return its bytes.

        ``durable``: it is on disk when this returns.
        """
        path = os.path.join(self.path(report_id), name)
        whole = False
        try:
            size = self._write(path + TMP, pieces, durable)
            self._files.rename(path + TMP, path)
            whole = True
        finally:
            if not whole:
                # Whatever went wrong, it is told; that the rest cannot be removed either would hide it.
                with suppress(OSError):
                    remove_if_there(self._files, path + TMP)
        if durable:
            self._files.sync_folder(self.path(report_id))
        return size

    def has(self, report_id: str, name: str) -> bool:
        """Return whether a report has a file, one of its own and no link to another."""
        folder = self.path(report_id)
        return _is(folder, stat.S_ISDIR) and _is(os.path.join(folder, name), stat.S_ISREG)

    def files(self, report_id: str) -> tuple[tuple[str, ...], int]:
        """Return the names of a report's files that are there, and their bytes together."""
        names = tuple(name for name in FILES if self.has(report_id, name))
        return names, sum(self._files.size(os.path.join(self.path(report_id), name)) for name in names)

    def stored(self) -> Iterator[tuple[str, bytes]]:
        """Yield the id and the ``report.json`` of each report that is there; what never was whole is removed."""
        for name in self._files.names(self.folder):
            path = self.path(name)
            if name.endswith(_GONE) and REPORT_ID.fullmatch(name.removesuffix(_GONE)) and _is(path, stat.S_ISDIR):
                self._empty(path)
            elif REPORT_ID.fullmatch(name) and not self.has(name, JSON) and _is(path, stat.S_ISDIR):
                # It was cut short before it was laid out.
                self._empty(path)
            elif REPORT_ID.fullmatch(name) and self.has(name, JSON):
                for each in FILES:
                    remove_if_there(self._files, os.path.join(path, each + TMP))
                yield name, self._files.read(os.path.join(path, JSON))

    def clear(self, report_id: str, keep: Iterable[str]) -> None:
        """Remove the files of a report but some."""
        for name in set(FILES) - set(keep):
            remove_if_there(self._files, os.path.join(self.path(report_id), name))

    def remove(self, report_id: str) -> None:
        """Remove a report: at once as a report, then file by file. What else lies in its folder stays."""
        path = self.path(report_id)
        if _is(path, stat.S_ISDIR):
            self._files.rename(path, path + _GONE)
            self._files.sync_folder(self.folder)
            self._empty(path + _GONE)

    def _write(self, path: str, pieces: Iterable[bytes], durable: bool) -> int:
        file = self._files.create(path)
        try:
            size = sum(file.write(piece) for piece in pieces)
            if durable:
                file.sync()
        finally:
            file.close()
        return size

    def _empty(self, path: str) -> None:
        for name in FILES:
            remove_if_there(self._files, os.path.join(path, name))
            remove_if_there(self._files, os.path.join(path, name + TMP))
        if not self._files.names(path):
            self._files.remove_folder(path)


def _is(path: str, kind: Callable[[int], bool]) -> bool:
    try:
        return kind(os.lstat(path).st_mode)
    except OSError:
        return False
