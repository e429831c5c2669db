"""The way from the buffer to the outbox: straight, or by the spool while the daemon does not keep up.

Events keep their order: whatever is in the spool goes first. With a spool, what cannot be sent at once
is put there, together with what was sent and is not acknowledged, and so outlives the process.
"""

from __future__ import annotations

import threading
from collections import deque
from itertools import takewhile

from telemetryd.model.events import Event

from .buffer import Buffer
from .clock import Offsets
from .notes import Thing, things_of
from .outbox import Outbox, Outgoing
from .spool import Spool
from .spool_batch import BATCH_EVENTS
from .tally import Tally

BATCH = BATCH_EVENTS
MOST_OPERATIONS = 100_000  # in flight, each with the offset of its start
# Flushes that wait for what is in the spool; beyond it the oldest is never told.
_MOST_MARKS = 1024


class Supply:
    """Fills ``outbox`` from ``buffer``, by ``spool`` where there is one and it is open.

    ``enabled`` is what the daemon last said about wanting events. ``invalid`` counts arguments that
    no event can be made of, ``discarded`` events that are not wanted.
    """

    def __init__(self, buffer: Buffer, outbox: Outbox, spool: Spool | None) -> None:
        self.outbox = outbox
        self.spool = spool
        self.enabled = True
        self.invalid = Tally()
        self.discarded = Tally()
        self._buffer = buffer
        self._offsets = Offsets(MOST_OPERATIONS)
        # What was taken from the buffer and is neither in the outbox nor in the spool; less than a batch.
        self._held: deque[Thing] = deque()
        # How many are on their way from the buffer to those, and from those to the outbox.
        self._taking = self._giving = 0
        # Flushes, each with the ordinal of the last record before it.
        self._marks: deque[tuple[int, threading.Event]] = deque(maxlen=_MOST_MARKS)
        self._left = 0  # events in the spool when it was closed

    @property
    def waiting(self) -> int:
        """Events before the outbox that are in memory.

        To another thread, one that moves on meanwhile may count twice, but never not at all: this looks in the
        order of the way, and each place is left only after the next one is entered.
        """
        return len(self._buffer) + self._taking + len(self._held) + self._giving

    @property
    def spooled(self) -> int:
        """Events in the spool that are not acknowledged, under way or not."""
        if self.spool is None or not self.spool.opened:
            return self._left
        return self.spool.events + self.outbox.spooled

    @property
    def lost(self) -> int:
        """Events that were lost in the spool."""
        return self.spool.dropped if self.spool is not None else 0

    def fill(self, *, behind: bool = False) -> int:
        """Move events towards the outbox; return BATCH where there may be more to move at once, else less.

        ``behind`` says that the daemon does not acknowledge what it was sent. Without a spool nothing
        is taken from the buffer while the outbox is full: then the buffer fills, which is bounded.
        """
        if self._open:
            if behind or self._spool_waits or self._buffer.crowded:
                self.put_away()
            if self._spool_waits:
                self._take_from_spool()
            if self._spool_waits:
                return 0
        if self.outbox.full:
            return 0
        taken = self._take()
        held = [*self._held]
        self._giving = len(held)
        self._held.clear()
        events: list[Event] = []
        for thing in held:
            if isinstance(thing, threading.Event):
                self._add(events)
                events = []
                self.outbox.mark(thing)
            else:
                events.append(thing)
        self._add(events)
        self._giving = 0
        return taken

    def put_away(self) -> bool:
        """Bring all that is not acknowledged into the spool; return False where there is none, or it takes no more."""
        spool = self.spool
        if spool is None or not spool.opened:
            return False
        if not spool.events and not self.outbox.keep(self._keep):
            return False
        # As many turns as there are batches now: who notes faster than a disk writes must not keep us here.
        for _ in range(len(self._buffer) // BATCH + 1):
            self._take()
            if not self._spool_held(spool):
                break
        spool.sync()
        return not self._held

    def open(self, name: str, *, given: bool) -> None:
        """Open the spool, whose batches are the only ones from now on; raises :class:`OSError`."""
        assert self.spool is not None and not self.outbox
        self.spool.open(name, given=given)
        self._left = 0
        self.outbox.leave()

    def close(self) -> None:
        """Bring everything into the spool and close it; what finds no room there stays in memory, and the spool open."""
        if self.spool is not None and self.put_away():
            self._left = self.outbox.unacked + self.spool.events
            self.outbox.leave()
            self.spool.close()

    def settle(self) -> None:
        """Let the spool forget what is dealt with."""
        if self.spool is not None and self.spool.opened:
            first = self.outbox.first_spooled
            self.spool.settle(first - 1 if first else self.spool.taken)

    @property
    def _spool_waits(self) -> bool:
        return self.spool is not None and self.spool.events > 0

    @property
    def _open(self) -> bool:
        return self.spool is not None and self.spool.opened

    def _take(self) -> int:
        """Take notes from the buffer, make events of them and hold these; return how many notes it were."""
        if self._held or not self._buffer:
            return 0
        self._taking = min(len(self._buffer), BATCH)
        notes = self._buffer.take(BATCH)
        things, unusable = things_of(notes, self._offsets)
        if unusable:
            self.invalid.add(unusable)
        if self.enabled:
            self._held.extend(things)
        else:
            marks = [each for each in things if isinstance(each, threading.Event)]
            self.discarded.add(len(things) - len(marks))
            self._held.extend(marks)
        self._taking = 0
        return len(notes)

    def _add(self, events: list[Event]) -> None:
        if events:
            self.outbox.add(events)

    def _keep(self, batch: Outgoing) -> int:
        assert self.spool is not None
        return self.spool.keep(batch.number, batch.events, batch.body)

    def _spool_held(self, spool: Spool) -> bool:
        """Append what is held; return False where the spool took only part of it."""
        while self._held:
            first = self._held[0]
            if isinstance(first, threading.Event):
                self._held.popleft()
                if spool.events:
                    self._marks.append((spool.last, first))
                else:
                    self.outbox.mark(first)
                continue
            events = [each for each in takewhile(_is_event, self._held) if not isinstance(each, threading.Event)]
            taken = spool.append(events)
            for _ in range(taken):
                self._held.popleft()
            if taken < len(events):
                return False
        return True

    def _take_from_spool(self) -> None:
        assert self.spool is not None
        try:
            batches = self.spool.take(self.outbox.room, self.outbox.next, self.outbox.max_body)
        except OSError:
            # It is the disk's fault, so the connection stays; the spool's trouble tells of it.
            return
        for each in batches:
            self.outbox.add_spooled(each.number, each.events, each.body, each.first)
            self._mark_through(each.last)
        # The last ones may be lost.
        self._mark_through(self.spool.taken)
        self.settle()

    def _mark_through(self, ordinal: int) -> None:
        while self._marks and self._marks[0][0] <= ordinal:
            self.outbox.mark(self._marks.popleft()[1])


def _is_event(thing: Thing) -> bool:
    return not isinstance(thing, threading.Event)
