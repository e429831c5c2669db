"""Charts kept on disk, each in a file that shows whether it is whole."""

from __future__ import annotations

import hashlib
import os
import re
import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress

from telemetryd.storage.files import TMP, Files, remove_if_there

# A file: this line, the SHA-256 of what follows, and the chart.
_MAGIC = b"telemetryd chart 1\n"
_HEAD = len(_MAGIC) + hashlib.sha256().digest_size
_SUFFIX = ".chart"
_KEY = re.compile(r"[0-9a-f]{8,64}")


class ChartCache:
    """Keeps charts by key (hexadecimal digits) in ``folder``, up to ``limit()`` bytes; the longest unused goes first.

    It never raises for the disk's sake: what cannot be kept or read is drawn again. Files that are not its
    own are left alone. Any thread may call it; it waits for the disk.
    """

    def __init__(self, folder: str, limit: Callable[[], int], files: Files | None = None) -> None:
        self._folder = folder
        self._limit = limit
        self._files = Files() if files is None else files
        self._lock = threading.Lock()
        # Bytes by key, the longest unused first; None until somebody asks.
        self._sizes: OrderedDict[str, int] | None = None

    def get(self, key: str) -> bytes | None:
        """Return a chart, or None where there is none; one that is damaged is removed."""
        path = self._path(key)
        # What is read and what is noted belong together: in between, another could take the file away or put one there.
        with self._lock:
            sizes = self._known()
            try:
                stored = self._files.read(path)
            except OSError:
                sizes.pop(key, None)
                return None
            data = stored[_HEAD:]
            if stored[:_HEAD] != _head(data):
                self._remove(sizes, key)
                return None
            sizes[key] = len(stored)
            sizes.move_to_end(key)
        with suppress(OSError):
            # For the order after a restart.
            os.utime(path)
        return data

    def put(self, key: str, data: bytes) -> None:
        """Keep a chart, in place of others where the room is taken."""
        path = self._path(key)
        stored = _head(data) + data
        with self._lock:
            sizes = self._known()
            if key in sizes:
                # Whatever becomes of this one, the one before it is no longer right.
                self._remove(sizes, key)
            if len(stored) > self._limit():
                return
            self._shrink(sizes, self._limit() - len(stored))
            try:
                self._write(path, stored)
            except OSError:
                with suppress(OSError):
                    remove_if_there(self._files, path + TMP)
            else:
                sizes[key] = len(stored)

    def _path(self, key: str) -> str:
        if not _KEY.fullmatch(key):
            raise ValueError(f"expected 8 to 64 hexadecimal digits, found {key!r}")
        return os.path.join(self._folder, key + _SUFFIX)

    def _write(self, path: str, stored: bytes) -> None:
        """Put a file in its place, whole. No sync: what a crash leaves of it is known by its checksum."""
        self._files.make_folder(self._folder)
        file = self._files.create(path + TMP)
        try:
            file.write(stored)
        finally:
            file.close()
        self._files.rename(path + TMP, path)

    def _known(self) -> OrderedDict[str, int]:
        """Return what is kept; the first time, what an earlier process has kept, within the limit."""
        if self._sizes is None:
            found = []
            with suppress(OSError):
                found = [each for name in self._files.names(self._folder) if (each := self._found(name))]
            self._sizes = OrderedDict((key, size) for _, key, size in sorted(found))
            self._shrink(self._sizes, self._limit())
        return self._sizes

    def _found(self, name: str) -> tuple[float, str, int] | None:
        """Return when a file of ours was last used, its key and size; of one that was never whole, nothing stays."""
        key, _, suffix = name.partition(".")
        path = os.path.join(self._folder, name)
        with suppress(OSError):
            if not _KEY.fullmatch(key) or self._files.is_folder(path):
                return None
            if f".{suffix}" == _SUFFIX:
                return os.stat(path).st_mtime, key, self._files.size(path)
            if f".{suffix}" == _SUFFIX + TMP:
                self._files.remove(path)
        return None

    def _shrink(self, sizes: OrderedDict[str, int], most: int) -> None:
        total = sum(sizes.values())
        while sizes and total > most:
            key, size = next(iter(sizes.items()))
            self._remove(sizes, key)
            total -= size

    def _remove(self, sizes: OrderedDict[str, int], key: str) -> None:
        sizes.pop(key, None)
        with suppress(OSError):
            remove_if_there(self._files, self._path(key))


def _head(data: bytes) -> bytes:
    return _MAGIC + hashlib.sha256(data).digest()
