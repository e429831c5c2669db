"""The spool: a file that keeps events over a crash, in their order, with the numbers they may have been sent under.

Only the sender's thread calls what is here. Records are appended, taken from the front, and forgotten
once their batches are acknowledged; when none is left the file shrinks to its beginning. A number is on
disk before the batch that has it is sent, so that after a crash of any kind the same events are sent
again under the same number, and a daemon that has them knows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from telemetryd.model.codec import encode_event
from telemetryd.model.events import Event

from .spool_file import SpoolFile
from .spool_format import RECORDS, Record, State, encode_record

# A record is closed at this size, and a batch made of several: few daemons take shorter lines than that.
RECORD_BYTES = 2048
BATCH_EVENTS = 1000
_FULL = "the spool is full: it may have {} bytes"


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

    def __init__(self, path: str, limit: int) -> None:
        self.path = path
        self.name = ""
        self.events = 0
        self.last = 0
        self.taken = 0
        self._limit = limit
        self._file: SpoolFile | None = None
        self._generation = 0
        self._done = 0
        self._given: list[tuple[int, int, int]] = []
        self._position = RECORDS  # of the next record to take
        self._end = RECORDS
        self._unsynced = False
        self._failure = ""

    @property
    def opened(self) -> bool:
        """True from :meth:`open` to :meth:`close`."""
        return self._file is not None

    @property
    def trouble(self) -> str:
        """Why something could not be written, until it can be; else what was wrong with the file when it was opened."""
        return self._failure or (self._file.found if self._file is not None else "")

    def open(self, name: str, *, given: bool) -> None:
        """Lock the file and find what waits in it; raises :class:`OSError`.

        It takes ``name`` where it has none yet, or where that is ``given`` and it holds no events: those
        may have been sent under the name it has.
        """
        file = SpoolFile.open(self.path)
        try:
            self._begin(file)
            if not self.name or (given and not self.events):
                self.name = name
            self._file = file
            self._write_state()
            file.sync()
        except OSError:
            self._file = None
            file.close()
            raise

    def append(self, events: Sequence[Event]) -> int:
        """Put events behind all others; return how many: fewer where there is no room, or the disk refuses."""
        data, ordinal, count = bytearray(), self.last, 0
        for body, held in _bodies(events):
            record = encode_record(Record(ordinal + 1, 0, held, body))
            if self._end + len(data) + len(record) > self._limit:
                break
            data += record
            ordinal += 1
            count += held
        if data and not self._write(data):
            return 0
        if count < len(events):
            self._failure = _FULL.format(self._limit)
        self.last = ordinal
        self.events += count
        return count

    def keep(self, number: int, events: int, body: bytes) -> int:
        """Put a batch that was sent already behind all others, as one that is taken; return its ordinal, 0 without room."""
        assert not self.events, "what was sent comes before what was not"
        record = encode_record(Record(self.last + 1, number, events, body))
        if self._end + len(record) > self._limit:
            self._failure = _FULL.format(self._limit)
            return 0
        if not self._write(record):
            return 0
        self.last += 1
        self.taken, self._position = self.last, self._end
        return self.last

    def take(self, most: int, number: int, longest: int) -> list[Spooled]:
        """Return the next batches, at most ``most``; those made of several records have at most ``longest`` bytes.

        Those that have no number get ``number`` and those that follow; this is on disk on return.
        """
        batches: list[Spooled] = []
        given = len(self._given)
        while len(batches) < most and (records := self._next_records(longest)):
            first, last = records[0].ordinal, records[-1].ordinal
            known = records[0].number or self._given_to(first)
            if not known:
                self._given.append((first, last, number))
            count, body = sum(each.events for each in records), b",".join(each.body for each in records)
            batches.append(Spooled(known or number, count, body, first, last))
            number = max(number, (known or number) + 1)
            self.events -= count
        if len(self._given) > given:
            self._write_state()
            self.sync()
        return batches

    def settle(self, through: int) -> None:
        """All records up to this ordinal are dealt with."""
        if through <= self._done or self._file is None:
            return
        self._done = through
        self._given = [each for each in self._given if each[1] > through]
        self._write_state()
        if through == self.last:
            self._end = self._position = RECORDS
            self._file.cut(RECORDS)

    def sync(self) -> None:
        """Return once all that was written is on disk, or cannot be brought there, which ``trouble`` says."""
        if self._unsynced and self._file is not None:
            self._unsynced = False
            try:
                self._file.sync()
            except OSError as error:
                self._failure = f"the spool is not safe on disk: {error}"

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
        self.name, self._generation, self._done = state.name, state.generation, state.done
        self._given = list(state.given)
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
            self._given.clear()
            self._end = RECORDS
        self.taken = self._done
        # What follows is a torn tail: the write of a process that died.
        file.cut(self._end)

    def _next_records(self, longest: int) -> list[Record]:
        """Move over the records of the next batch, and return them."""
        assert self._file is not None
        records: list[Record] = []
        size = events = 0
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
            self._position, self.taken = end, record.ordinal
        return records

    def _given_to(self, ordinal: int) -> int:
        return next((number for first, last, number in self._given if first <= ordinal <= last), 0)

    def _write(self, data: bytes | bytearray) -> bool:
        """Write at the end; where that fails the end stays where it was."""
        assert self._file is not None
        try:
            self._file.write(data, self._end)
        except OSError as error:
            self._failure = f"the spool cannot be written: {error}"
            return False
        self._end += len(data)
        self._unsynced = True
        self._failure = ""
        return True

    def _write_state(self) -> None:
        assert self._file is not None
        self._generation += 1
        try:
            self._file.write_state(State(self._generation, self.name, self._done, tuple(self._given)))
        except OSError as error:
            self._failure = f"the spool cannot be written: {error}"
        self._unsynced = True


def _bodies(events: Sequence[Event]) -> Iterator[tuple[bytes, int]]:
    """Yield events as the bodies of records, with how many each holds."""
    body: list[bytes] = []
    size = 0
    for event in events:
        encoded = encode_event(event)
        if body and size + len(encoded) >= RECORD_BYTES:
            yield b",".join(body), len(body)
            body, size = [], 0
        body.append(encoded)
        size += len(encoded) + 1
    if body:
        yield b",".join(body), len(body)
