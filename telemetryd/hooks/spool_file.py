"""The file of a spool: locked, read and written; what its records mean is the spool's business."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass, field

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
# So many damaged spools are kept, each under a name of its own; of more the oldest goes.
KEPT = 4
_BLOCK = 1 << 16
# What is given up of a file that cannot be read, at a time; the file's beginning is such blocks too.
PAGE = SLOT
# What a disk says of a place that will not get better by trying again.
BAD_PLACE = frozenset({errno.EIO, errno.EBADMSG})
# How often a place is read before it is given up while the file is opened.
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Survey:
    """What a file holds: where its records end, the ``last`` ordinal, the events that wait, and at least how many are ``lost``."""

    end: int
    last: int
    events: int
    lost: int = 0


@dataclass(frozen=True, slots=True)
class SpoolFile:
    """An open spool, which no other emitter has: ``state`` as it was found, ``found`` says what was wrong with it.

    ``given_up`` are pages that cannot be read for good: they count as zeros until they are written.
    """

    descriptor: int
    state: State
    found: str
    given_up: set[int] = field(default_factory=set)

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
            state = cls(descriptor, State(), "")._state(path)
            if state is None and os.fstat(descriptor).st_size <= RECORDS:
                # New, or left by a process that came no further.
                _make(descriptor)
                state = State()
            if state is not None:
                # Whoever made it may have died before its name was on disk.
                cls.sync_folder(folder)
                return cls(descriptor, state, "")
            aside, spare = _names_aside(path)
            os.rename(path, aside)
            # Before the old name is given to another file.
            cls.sync_folder(folder)
            for each in spare:
                os.unlink(each)
        except OSError:
            os.close(descriptor)
            raise
        os.close(descriptor)
        made = cls.open(path)
        return cls(made.descriptor, made.state, f"a damaged spool was set aside as {aside}")

    @property
    def size(self) -> int:
        return os.fstat(self.descriptor).st_size

    def records(self, position: int, end: int) -> Iterator[tuple[Record, int]]:
        """Yield every valid record from ``position`` on whose ordinal is above those before it, with where it ends."""
        ordinal = 0
        while position + HEAD.size <= end:
            head = self._look(HEAD.size, position)
            size = body_size(head)
            if size is not None and position + HEAD.size + size <= end:
                record = decode_record(head, self._look(size, position + HEAD.size))
                if record is not None:
                    position += record.size
                    if record.ordinal > ordinal:
                        ordinal = record.ordinal
                        yield record, position
                    continue
            position = self._next_marker(position + 1, end)

    def survey(self, done: int) -> Survey:
        """Go through all records, and over what cannot be read; raises :class:`OSError` where that passes.

        What waits has an ordinal above ``done``.
        """
        while True:
            try:
                return self._survey(done)
            except OSError:
                if not self.skip(RECORDS, self.size, _TRIES):
                    raise

    def skip(self, position: int, end: int, tries: int = 1) -> bool:
        """Give up the next pages that cannot be read, up to one that can be; return whether there were any."""
        found = False
        for page in range(position // PAGE, -(-end // PAGE)):
            if page in self.given_up:
                continue
            if any(self._reads(page) for _ in range(tries)):
                if found:
                    break
            else:
                self.given_up.add(page)
                found = True
        return found

    def clear_of(self, position: int) -> int:
        """Return where to write instead of ``position``, so that no page has to be read for it that cannot be."""
        return (position // PAGE + 1) * PAGE if position // PAGE in self.given_up else position

    def read(self, size: int, position: int) -> bytes:
        """Return ``size`` bytes, fewer where the file ends; raises :class:`OSError`."""
        return os.pread(self.descriptor, size, position)

    def write(self, data: bytes | bytearray, position: int) -> None:
        """Write all of ``data`` or raise :class:`OSError`."""
        if os.pwrite(self.descriptor, data, position) < len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        # A disk has another place for what is written over a bad one.
        self.given_up.difference_update(range(position // PAGE, -(-(position + len(data)) // PAGE)))

    def write_state(self, state: State) -> None:
        """Write a state over the older one of the two; raises :class:`OSError`."""
        self.write(encode_state(state), SLOT * (1 + state.generation % 2))

    def cut(self, end: int) -> None:
        """Let the file end there."""
        os.ftruncate(self.descriptor, end)
        self.given_up.difference_update([page for page in self.given_up if page * PAGE >= end])

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

    def _state(self, path: str) -> State | None:
        """Return the state of a spool, None where it is lost or there never was one; raises :class:`FileExistsError` for another file."""
        start = self.read(SLOT, 0)
        # Where one slot cannot be read, the state in the other may be old, and its numbers given again since.
        readable = all(any(self._reads(page) for _ in range(_TRIES)) for page in range(1, RECORDS // PAGE))
        slots = self.read(RECORDS - SLOT, SLOT) if readable else b""
        state = read_state(slots)
        if start.startswith(MAGIC):
            return state
        # Zeros are what a crash leaves of blocks that did not reach the disk.
        if start.strip(b"\0") or (state is None and slots.strip(b"\0")):
            raise FileExistsError(errno.EEXIST, "expected a spool, found another file", path)
        return None

    def _survey(self, done: int) -> Survey:
        events = records = 0
        end, last = RECORDS, done
        for record, behind in self.records(RECORDS, self.size):
            end = behind
            if record.ordinal > done:
                events += record.events
                records += 1
                last = max(last, record.ordinal)
        if not self.given_up:
            return Survey(end, last, events)
        # How many events those were nobody knows: one each.
        lost = max(last - done - records, 1)
        after = [page for page in self.given_up if (page + 1) * PAGE > end]
        if after:
            # They may hold records as well, and another process may read them one day.
            end = (max(after) + 1) * PAGE
            last += len(after) * (PAGE // HEAD.size)
        return Survey(end, last, events, lost)

    def _reads(self, page: int) -> bool:
        try:
            self.read(PAGE, page * PAGE)
        except OSError as error:
            if error.errno in BAD_PLACE:
                return False
            raise
        return True

    def _look(self, size: int, position: int) -> bytes:
        """Return bytes as :meth:`read` does, with zeros for those of pages that are given up."""
        if not self.given_up:
            return self.read(size, position)
        pieces, end = [], position + size
        while position < end:
            until = min(end, (position // PAGE + 1) * PAGE)
            lost = position // PAGE in self.given_up
            pieces.append(bytes(until - position) if lost else self.read(until - position, position))
            position = until
        return b"".join(pieces)

    def _next_marker(self, position: int, end: int) -> int:
        while position < end:
            block = self._look(min(_BLOCK, end - position), position)
            found = block.find(MARKER)
            if found >= 0:
                return position + found
            # A marker may lie across two blocks.
            position += max(1, len(block) - len(MARKER) + 1)
        return end


def _names_aside(path: str) -> tuple[str, list[str]]:
    """Return the name for a damaged spool, which no other has, and those of older ones that are too many beside it."""
    folder, name = os.path.split(path)
    there: dict[int, str] = {}
    for each in os.listdir(folder or os.curdir):
        number = each.removeprefix(f"{name}{DAMAGED}.")
        if each == name + DAMAGED:
            there[1] = each
        elif number != each and number.isdecimal():
            there[int(number)] = each
    ours = max(there, default=0) + 1
    oldest = sorted(there)[: max(0, len(there) - KEPT + 1)]
    return path + DAMAGED + (f".{ours}" if ours > 1 else ""), [os.path.join(folder, there[each]) for each in oldest]


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


def _make(descriptor: int) -> None:
    os.pwrite(descriptor, MAGIC.ljust(SLOT, b"\0") + encode_state(State()), 0)
    os.ftruncate(descriptor, RECORDS)
