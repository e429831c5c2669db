"""The spool: a file that keeps events over a crash, in their order, with the numbers they may have been sent under.

Only the sender's thread calls what is here. Records are appended, taken from the front, and forgotten
once their batches are acknowledged; when none is left the file shrinks to its beginning. A number is on
disk before the batch that has it is sent, so that after a crash of any kind the same events are sent
again under the same number, and a daemon that has them knows it. What the disk refuses is not done:
events that cannot be read, or whose numbers cannot be brought there, stay where they are.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from telemetryd.model.events import Event

from .spool_batch import Spooled, batch_of, next_records, number_of
from .spool_file import SpoolFile
from .spool_format import RECORDS, Record, State, bodies_of, encode_record
from .spool_trouble import FULL, UNNUMBERED, UNREADABLE, UNSAFE, UNWRITABLE, Troubles


class Spool:
    """The file at ``path``, of at most ``limit`` bytes; nothing is read or written before :meth:`open`.

    ``name`` is the producer that its numbers belong to. ``events`` wait to be taken; ``last`` is the
    ordinal of the last record of all, ``taken`` that of the last one taken.
    """

    def __init__(
        self,
        path: str,
        limit: int,
        open_file: Callable[[str], SpoolFile] = SpoolFile.open,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
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
        self._troubles = Troubles(clock)

    @property
    def opened(self) -> bool:
        """True from :meth:`open` to :meth:`close`."""
        return self._file is not None

    @property
    def trouble(self) -> str:
        """What could not be read or written, until it can be; else what is lost, or was wrong with the file when it was opened."""
        return self._troubles.text(self._file.found if self._file is not None else "")

    @property
    def dropped(self) -> int:
        """Events that were lost in it, ever, as far as they could be counted."""
        return self._troubles.dropped

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
            self._troubles.tell(FULL, self._limit, UNWRITABLE)
        self.last = ordinal
        self.events += count
        return count

    def keep(self, number: int, events: int, body: bytes) -> int:
        """Put a batch that was sent already behind all others, as one that is taken; return its ordinal, 0 without room."""
        assert not self.events, "what was sent comes before what was not"
        record = encode_record(Record(self.last + 1, number, events, body))
        if self._end + len(record) > self._limit:
            self._troubles.tell(FULL, self._limit, UNWRITABLE)
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
        self._troubles.tried(UNNUMBERED, self._write_state)
        if through == self.last:
            file = self._file
            self._end = self._position = RECORDS
            self._troubles.tried(UNWRITABLE, lambda: file.cut(RECORDS))
            self._troubles.end(UNSAFE)

    def sync(self) -> bool:
        """Return True once all that was written is on disk, False where it cannot be brought there, which ``trouble`` says."""
        file = self._file
        if file is None or (self._state_current and not self._unsynced):
            return True
        self._state_current = self._state_current or self._troubles.tried(UNNUMBERED, self._write_state)
        try:
            file.sync()
        except OSError as error:
            # The next sync may succeed without these writes: the state is written again, and until what
            # is spooled now is sent nobody can say that it is safe.
            self._troubles.tell(UNSAFE, error)
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
        self._troubles.begin()
        self.name, self._generation, self._done = state.name, state.generation, state.done
        self._given = state.given
        found = file.survey(self._done)
        self.events = found.events
        # Ordinals are never used again, whatever a crash has left of the file.
        self.last = max(state.done, *(last for _, last, _ in state.given), found.last, 0)
        self._position, self._end = RECORDS, found.end
        self._troubles.lose(found.lost)
        if not self.events:
            self._done = self.last
            self._given = ()
            self._end = RECORDS
        self.taken = self._done
        # What follows is a torn tail: the write of a process that died.
        file.cut(self._end)

    def _gather(self, most: int, number: int, longest: int) -> list[Spooled]:
        """Take the next batches, whose numbers are known to this process only."""
        assert self._file is not None
        batches: list[Spooled] = []
        while len(batches) < most and self.events:
            waiting = self._file.records(self._position, self._end)
            try:
                records, position = next_records(waiting, self.taken, self._given, longest)
            except OSError as error:
                self._troubles.tell(UNREADABLE, error)
                if self._passes_over(error):
                    continue
                if batches:
                    return batches
                raise
            self._troubles.end(UNREADABLE)
            if not records and batches:
                return batches
            if not records:
                # They were there when they were counted.
                self._troubles.lose(self.events)
                self._position, self.taken, self.events = self._end, self.last, 0
                return []
            known = number_of(records[0], self._given)
            batch = batch_of(records, known or number)
            if not known:
                self._given = (*self._given, (batch.first, batch.last, number))
            batches.append(batch)
            number = max(number, batch.number + 1)
            self._position, self.taken = position, batch.last
            self.events -= batch.events
        return batches

    def _passes_over(self, error: OSError) -> bool:
        """Give up what cannot be read here for good, on a disk that is there; return whether there was such."""
        if self._file is None or not self._troubles.is_hopeless(error, self._position):
            return False
        self._state_current = False
        if not (self.sync() and self._file.skip(self._position, self._end)):
            return False
        self._end = self._file.clear_of(self._end)
        return True

    def _write(self, data: bytes | bytearray) -> bool:
        """Write at the end; where that fails the end stays where it was."""
        file, end = self._file, self._end
        assert file is not None
        if not self._troubles.tried(UNWRITABLE, lambda: file.write(data, end)):
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
