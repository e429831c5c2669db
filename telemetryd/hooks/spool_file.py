"""The file of a spool: locked, read and written; what its records mean is the spool's business."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass

from .spool_format import (
    HEAD,
    MAGIC,
    MARKER,
    RECORDS,
    SLOT,
    Record,
    State,
    body_size,
    decode_record,
    encode_state,
    read_state,
)

DAMAGED = ".damaged"
_BLOCK = 1 << 16


@dataclass(frozen=True, slots=True)
class SpoolFile:
    """An open spool, which no other emitter has: ``state`` as it was found, ``found`` says what was wrong with it."""

    descriptor: int
    state: State
    found: str

    @classmethod
    def open(cls, path: str) -> SpoolFile:
        """Return the spool at ``path``, locked, made where there is none; raises :class:`OSError`.

        One whose state is lost is set aside, for which of its events were sent nobody knows any more.
        Its name is on disk on return; its contents are once it is synced.
        """
        folder = os.path.dirname(path) or os.curdir
        cls._make_folder(folder, 0o700)
        descriptor = _locked(path)
        try:
            state = _state_of(descriptor, path)
            if state is None and os.fstat(descriptor).st_size <= RECORDS:
                # New, or left by a process that came no further.
                _make(descriptor)
                state = State()
            if state is not None:
                # Whoever made it may have died before its name was on disk.
                cls.sync_folder(folder)
                return cls(descriptor, state, "")
            os.rename(path, path + DAMAGED)
            # Before the old name is given to another file.
            cls.sync_folder(folder)
        except OSError:
            os.close(descriptor)
            raise
        os.close(descriptor)
        made = cls.open(path)
        return cls(made.descriptor, made.state, f"a damaged spool was set aside as {path + DAMAGED}")

    @property
    def size(self) -> int:
        return os.fstat(self.descriptor).st_size

    def records(self, position: int, end: int) -> Iterator[tuple[Record, int]]:
        """Yield every valid record from ``position`` on whose ordinal is above those before it, with where it ends."""
        ordinal = 0
        while position + HEAD.size <= end:
            head = self.read(HEAD.size, position)
            size = body_size(head)
            if size is not None and position + HEAD.size + size <= end:
                record = decode_record(head, self.read(size, position + HEAD.size))
                if record is not None:
                    position += record.size
                    if record.ordinal > ordinal:
                        ordinal = record.ordinal
                        yield record, position
                    continue
            position = self._next_marker(position + 1, end)

    def read(self, size: int, position: int) -> bytes:
        """Return ``size`` bytes, fewer where the file ends; raises :class:`OSError`."""
        return os.pread(self.descriptor, size, position)

    def write(self, data: bytes | bytearray, position: int) -> None:
        """Write all of ``data`` or raise :class:`OSError`."""
        if os.pwrite(self.descriptor, data, position) < len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def write_state(self, state: State) -> None:
        """Write a state over the older one of the two; raises :class:`OSError`."""
        self.write(encode_state(state), SLOT * (1 + state.generation % 2))

    def cut(self, end: int) -> None:
        """Let the file end there."""
        os.ftruncate(self.descriptor, end)

    def sync(self) -> None:
        """Return once all that was written is on disk; raises :class:`OSError`."""
        os.fdatasync(self.descriptor)

    @staticmethod
    def sync_folder(path: str) -> None:
        """Return once the names in a folder are on disk as they are; raises :class:`OSError`."""
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def close(self) -> None:
        """Let go of the file, and of the lock where no other process has this descriptor."""
        os.close(self.descriptor)

    @classmethod
    def _make_folder(cls, path: str, mode: int) -> None:
        """Make a folder and those above it where there are none, each with its name on disk."""
        if os.path.isdir(path):
            return
        above = os.path.dirname(path) or os.curdir
        cls._make_folder(above, 0o777)
        os.makedirs(path, mode, exist_ok=True)
        cls.sync_folder(above)

    def _next_marker(self, position: int, end: int) -> int:
        while position < end:
            block = self.read(min(_BLOCK, end - position), position)
            found = block.find(MARKER)
            if found >= 0:
                return position + found
            # A marker may lie across two blocks.
            position += max(1, len(block) - len(MARKER) + 1)
        return end


def _locked(path: str) -> int:
    """Return a descriptor of the file that has this path once it is locked."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(descriptor), os.stat(path)):
                return descriptor
        except FileNotFoundError:
            pass
        except BlockingIOError:
            os.close(descriptor)
            raise BlockingIOError(errno.EWOULDBLOCK, "the spool is in use by another emitter", path) from None
        except OSError:
            os.close(descriptor)
            raise
        # Somebody set it aside between the opening and the locking.
        os.close(descriptor)


def _state_of(descriptor: int, path: str) -> State | None:
    """Return the state of a spool, None where it is lost or there never was one; raises :class:`FileExistsError` for another file."""
    start = os.pread(descriptor, RECORDS, 0)
    state = read_state(start[SLOT:])
    if start.startswith(MAGIC):
        return state
    # Zeros are what a crash leaves of blocks that did not reach the disk.
    if start[:SLOT].strip(b"\0") or (state is None and start.strip(b"\0")):
        raise FileExistsError(errno.EEXIST, "expected a spool, found another file", path)
    return None


def _make(descriptor: int) -> None:
    os.pwrite(descriptor, MAGIC.ljust(SLOT, b"\0") + encode_state(State()), 0)
    os.ftruncate(descriptor, RECORDS)
