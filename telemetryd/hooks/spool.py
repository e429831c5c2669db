"""The spool: a file that keeps events over a crash, in their order, with the numbers they may have been sent under.

Only the sender's thread calls what is here. Records are appended, taken from the front, and forgotten
once their batches are acknowledged; when none is left the file shrinks to its beginning. A number is on
disk before the batch that has it is sent, so that after a crash of any kind the same events are sent
again under the same number, and a daemon that has them knows it. What the disk refuses is not done:
events that cannot be read, or whose numbers cannot be brought there, stay where they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from telemetryd.model.events import Event

from .spool_file import SpoolFile
from .spool_format import RECORDS, Record, State, bodies_of, encode_record

# A batch made of several records has at most so many.
BATCH_EVENTS = 1000
_FULL = "the spool is full: it may have {} bytes"
_LOST = "events of the spool that are damaged and cannot be sent: {}"
_UNREADABLE = "the spool cannot be read: {}"
_UNWRITABLE = "the spool cannot be written: {}"
_UNNUMBERED = "the spool cannot keep the numbers of batches: {}"
_UNSAFE = "the spool is not safe on disk: {}"


@dataclass(frozen=True, slots=True)
class Spooled:
    """Events of the records ``first`` to ``last``, to be sent as the batch ``number``."""

    number: int
    events: int
    body: bytes
    first: int
    last: int


class Spool:
    """The file at ``path``, of at most ``limit`` bytes; nothing is read or written before :meth:`open`.

    ``name`` is the producer that its numbers belong to. ``events`` wait to be taken; ``last`` is the
    ordinal of the last record of all, ``taken`` that of the last one taken.
    """

    def __init__(self, path: str, limit: int, open_file: Callable[[str], SpoolFile] = SpoolFile.open) -> None:
        self.path = path
        self.name = ""
        self.events = 0
        self.last = 0
        self.taken = 0
        self._limit = limit
        self._open_file = open_file
        self._file: SpoolFile | None = None
        self._generation = 0
        self._done = 0
        self._given: tuple[tuple[int, int, int], ...] = ()
        self._position = RECORDS  # of the next record to take
        self._end = RECORDS
        self._unsynced = False
        # Whether the last state that was written is on disk, and whether it is what this process knows.
        self._state_synced = True
        self._state_current = True
        self._failures: dict[str, str] = {}  # by what fails
        self._lost = 0

    @property
    def opened(self) -> bool:
        """True from :meth:`open` to :meth:`close`."""
        return self._file is not None

    @property
    def trouble(self) -> str:
        """What could not be read or written, until it can be; else what is lost, or was wrong with the file when it was opened."""
        lost = _LOST.format(self._lost) if self._lost else ""
        found = self._file.found if self._file is not None else ""
        return next(iter(self._failures.values()), "") or lost or found

    def open(self, name: str, *, given: bool) -> None:
        """Lock the file and find what waits in it; raises :class:`OSError`.

        It takes ``name`` where it has none yet, or where that is ``given`` and it holds no events: those
        may have been sent under the name it has.
        """
        file = self._open_file(self.path)
        try:
            # The newest state may be one that a killed process had not synced, and the one before it is written over next.
            file.sync()
            self._begin(file)
            if not self.name or (given and not self.events):
                self.name = name
            self._file = file
            self._write_state()
            file.sync()
            self._unsynced, self._state_synced = False, True
        except OSError:
            self._file = None
            file.close()
            raise

    def append(self, events: Sequence[Event]) -> int:
        """Put events behind all others; return how many: fewer where there is no room, or the disk refuses."""
        data, ordinal, count = bytearray(), self.last, 0
        for body, held in bodies_of(events):
            record = encode_record(Record(ordinal + 1, 0, held, body))
            if self._end + len(data) + len(record) > self._limit:
                break
            data += record
            ordinal += 1
            count += held
        if data and not self._write(data):
            return 0
        if count < len(events):
            self._failures[_UNWRITABLE] = _FULL.format(self._limit)
        self.last = ordinal
        self.events += count
        return count

    def keep(self, number: int, events: int, body: bytes) -> int:
        """Put a batch that was sent already behind all others, as one that is taken; return its ordinal, 0 without room."""
        assert not self.events, "what was sent comes before what was not"
        record = encode_record(Record(self.last + 1, number, events, body))
        if self._end + len(record) > self._limit:
            self._failures[_UNWRITABLE] = _FULL.format(self._limit)
            return 0
        if not self._write(record):
            return 0
        self.last += 1
        self.taken, self._position = self.last, self._end
        return self.last

    def take(self, most: int, number: int, longest: int) -> list[Spooled]:
        """Return the next batches, at most ``most``; those made of several records have at most ``longest`` bytes.

        Those that have no number get ``number`` and those that follow; this is on disk on return. Where it
        cannot be brought there none is returned, and where one cannot be read those before it are; with
        none before it this raises :class:`OSError`. What is not returned is not taken. ``trouble`` says why.
        """
        before = self._position, self.taken, self.events, self._given
        batches = self._gather(most, number, longest)
        if self._given != before[-1]:
            self._state_current = False
            if not self.sync():
                self._position, self.taken, self.events, self._given = before
                return []
        return batches

    def settle(self, through: int) -> None:
        """All records up to this ordinal are dealt with."""
        if through <= self._done or self._file is None:
            return
        self._done = through
        self._given = tuple(each for each in self._given if each[1] > through)
        self._state_current = False
        self._tried(_UNNUMBERED, self._write_state)
        if through == self.last:
            file = self._file
            self._end = self._position = RECORDS
            self._tried(_UNWRITABLE, lambda: file.cut(RECORDS))
            self._failures.pop(_UNSAFE, None)

    def sync(self) -> bool:
        """Return True once all that was written is on disk, False where it cannot be brought there, which ``trouble`` says."""
        file = self._file
        if file is None or (self._state_current and not self._unsynced):
            return True
        self._state_current = self._state_current or self._tried(_UNNUMBERED, self._write_state)
        try:
            file.sync()
        except OSError as error:
            # The next sync may succeed without these writes: the state is written again, and until what
            # is spooled now is sent nobody can say that it is safe.
            self._failures[_UNSAFE] = _UNSAFE.format(error)
            self._state_current = False
            return False
        self._unsynced = False
        self._state_synced = self._state_current
        return self._state_current

    def close(self) -> None:
        """Let go of the file, for whoever opens it next."""
        self.sync()
        self.abandon()

    def abandon(self) -> None:
        """Close this process's copy of a file that may belong to the process it was forked from."""
        file, self._file = self._file, None
        if file is not None:
            file.close()

    def _begin(self, file: SpoolFile) -> None:
        state = file.state
        self._state_synced = True
        self._failures.clear()
        self._lost = 0
        self.name, self._generation, self._done = state.name, state.generation, state.done
        self._given = state.given
        # Ordinals are never used again, whatever a crash has left of the file.
        self.last = max(state.done, *(last for _, last, _ in state.given), 0)
        self.events = 0
        self._position, self._end = RECORDS, RECORDS
        for record, end in file.records(RECORDS, file.size):
            self._end = end
            if record.ordinal > self._done:
                self.events += record.events
                self.last = max(self.last, record.ordinal)
        if not self.events:
            self._done = self.last
            self._given = ()
            self._end = RECORDS
        self.taken = self._done
        # What follows is a torn tail: the write of a process that died.
        file.cut(self._end)

    def _gather(self, most: int, number: int, longest: int) -> list[Spooled]:
        """Take the next batches, whose numbers are known to this process only."""
        batches: list[Spooled] = []
        while len(batches) < most and self.events:
            try:
                records, position = self._next_records(longest)
            except OSError as error:
                self._failures[_UNREADABLE] = _UNREADABLE.format(error)
                if batches:
                    return batches
                raise
            self._failures.pop(_UNREADABLE, None)
            if not records and batches:
                return batches
            if not records:
                # They were there when they were counted.
                self._lost += self.events
                self._position, self.taken, self.events = self._end, self.last, 0
                return []
            first, last = records[0].ordinal, records[-1].ordinal
            known = records[0].number or self._given_to(first)
            if not known:
                self._given = (*self._given, (first, last, number))
            count, body = sum(each.events for each in records), b",".join(each.body for each in records)
            batches.append(Spooled(known or number, count, body, first, last))
            number = max(number, (known or number) + 1)
            self._position, self.taken = position, last
            self.events -= count
        return batches

    def _next_records(self, longest: int) -> tuple[list[Record], int]:
        """Return the records of the next batch, and where they end."""
        assert self._file is not None
        records: list[Record] = []
        size = events = 0
        position = self._position
        for record, end in self._file.records(self._position, self._end):
            if record.ordinal <= self.taken:
                # Dealt with before this process began.
                continue
            known = record.number or self._given_to(record.ordinal)
            size, events = size + len(record.body) + 1, events + record.events
            if records:
                if record.number or known != self._given_to(records[0].ordinal) or records[0].number:
                    break
                if not known and (size > longest or events > BATCH_EVENTS):
                    break
            records.append(record)
            position = end
        return records, position

    def _given_to(self, ordinal: int) -> int:
        return next((number for first, last, number in self._given if first <= ordinal <= last), 0)

    def _write(self, data: bytes | bytearray) -> bool:
        """Write at the end; where that fails the end stays where it was."""
        file, end = self._file, self._end
        assert file is not None
        if not self._tried(_UNWRITABLE, lambda: file.write(data, end)):
            return False
        self._end += len(data)
        self._unsynced = True
        return True

    def _write_state(self) -> None:
        """Write what this process knows; raises :class:`OSError`."""
        assert self._file is not None
        # The slots take turns once a state is on disk: until then the other slot has the only one that is.
        self._generation += 1 if self._state_synced else 2
        self._state_synced = self._state_current = False
        self._unsynced = True
        self._file.write_state(State(self._generation, self.name, self._done, self._given))
        self._state_current = True

    def _tried(self, failure: str, write: Callable[[], None]) -> bool:
        """Return whether a write went well; ``trouble`` has the ``failure`` until it does."""
        try:
            write()
        except OSError as error:
            self._failures[failure] = failure.format(error)
            return False
        self._failures.pop(failure, None)
        return True
