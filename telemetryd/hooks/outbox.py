"""Numbered batches on their way to the daemon: what is sent, acknowledged, or has to be sent again."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from telemetryd.model.codec import encode_batch
from telemetryd.model.events import Event

_LIST = b'"events":['
_END = b"]}\n"
# A number has at most 19 digits.
_LONGEST_FRAME = len(b'{"batch":,') + 19 + len(_LIST) + len(_END)

# Flushes that wait at once; beyond it the oldest, which has most likely given up, is never told.
_MOST_MARKS = 1024


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One batch as its line on the socket, with its newline, and how many events it holds.

    ``first`` is its place in the spool, 0 where it is not there.
    """

    number: int
    line: bytes
    events: int
    first: int = 0

    @property
    def body(self) -> bytes:
        """Its events alone, as JSON objects joined by commas."""
        return self.line[self.line.index(_LIST) + len(_LIST) : -len(_END)]


class Outbox:
    """Batches in the order of their numbers, from the oldest that is not acknowledged.

    Numbers begin behind the last batch that the daemon has of this producer (:meth:`learn`, before
    the first :meth:`add`) and rise by one. At a refusal all is sent again from that number on, for
    the daemon refuses what follows a refused batch as well. ``sent`` (the first time), ``unacked``,
    ``acked`` and ``dropped`` (a line longer than the daemon takes) count events, ``spooled`` those of the
    unacknowledged ones that are in the spool as well.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._unacked: deque[Outgoing] = deque()
        self._marks: deque[tuple[int, threading.Event]] = deque(maxlen=_MOST_MARKS)
        self._unsent_from = 0  # index into _unacked
        self._next = 0  # 0: the daemon has not told yet
        self._highest_sent = 0
        self._resume_at = 0.0
        self._max_line = 0
        self._on_disk = 0  # the last batch that the last welcome told of
        self.sent = 0
        self.unacked = 0
        self.spooled = 0
        self.acked = 0
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._unacked)

    @property
    def full(self) -> bool:
        """True while so many batches are not acknowledged that no more should be added."""
        return len(self._unacked) >= self._limit

    @property
    def room(self) -> int:
        """How many more batches should be added."""
        return max(0, self._limit - len(self._unacked))

    @property
    def next(self) -> int:
        """The number of the next batch, 0 while the daemon has not told yet."""
        return self._next

    @property
    def max_body(self) -> int:
        """How many bytes of events fit a line that the daemon takes, whatever its number."""
        return self._max_line - _LONGEST_FRAME

    @property
    def first_spooled(self) -> int:
        """The place in the spool of the oldest batch that is there, 0 where none is."""
        return next((each.first for each in self._unacked if each.first), 0)

    @property
    def waited_for(self) -> bool:
        """True while somebody waits for an acknowledgement."""
        return bool(self._marks)

    def reconnected(self) -> None:
        """A new connection knows nothing of the batches: all have to be sent again."""
        self._unsent_from = 0
        self._resume_at = 0.0

    def learn(self, last_batch: int, max_line_bytes: int) -> None:
        """Take in a welcome: what the daemon has on disk, and how long a line may be."""
        self._max_line = max_line_bytes
        self._on_disk = last_batch
        if self._next:
            self.ack(last_batch)
        # A store that is new to us may be behind: numbers go on from our own. One that is
        # ahead would take our next numbers for batches that it has.
        self._next = max(self._next, last_batch + 1)
        if any(len(each.line) > max_line_bytes + 1 for each in self._unacked):
            self._drop_what_is_too_long()

    def add(self, events: Sequence[Event]) -> None:
        """Number and encode events, in several batches where one line would be too long."""
        line = encode_batch(self._next, events)
        if len(line) <= self._max_line + 1:
            self._unacked.append(Outgoing(self._next, line, len(events)))
            self._next += 1
            self.unacked += len(events)
        elif len(events) == 1:
            self.dropped += 1
        else:
            half = len(events) // 2
            self.add(events[:half])
            self.add(events[half:])

    def add_spooled(self, number: int, events: int, body: bytes, first: int) -> None:
        """Add a batch that is in the spool, under its number there; one that the daemon has is acknowledged."""
        self._next = max(self._next, number + 1)
        line = b'{"batch":%d,%b%b%b' % (number, _LIST, body, _END)
        if number <= self._on_disk:
            self.acked += events
        elif len(line) > self._max_line + 1:
            self.dropped += events
        else:
            self._unacked.append(Outgoing(number, line, events, first))
            self.unacked += events
            self.spooled += events

    def keep(self, put: Callable[[Outgoing], int]) -> bool:
        """Have every batch that is not in the spool ``put`` there, which returns its place; return False where one found none."""
        for index, each in enumerate(self._unacked):
            if not each.first:
                first = put(each)
                if not first:
                    return False
                self._unacked[index] = replace(each, first=first)
                self.spooled += each.events
        return True

    def leave(self) -> None:
        """Forget all that is under way: the spool has it, and another name numbers it."""
        self._unacked.clear()
        self._marks.clear()
        self.unacked = self.spooled = self._unsent_from = self._next = self._highest_sent = self._on_disk = 0

    def due(self, now: float) -> list[bytes]:
        """Return the lines to send now, in order; none while a refusal asked to wait."""
        if now < self._resume_at:
            return []
        batches = list(islice(self._unacked, self._unsent_from, None))
        self._unsent_from = len(self._unacked)
        self.sent += sum(each.events for each in batches if each.number > self._highest_sent)
        self._highest_sent = (
            max(self._highest_sent, *(each.number for each in batches)) if batches else self._highest_sent
        )
        return [each.line for each in batches]

    def ack(self, number: int) -> None:
        """Every batch up to ``number`` is on disk."""
        while self._unacked and self._unacked[0].number <= number:
            settled = self._unacked.popleft()
            self.acked += settled.events
            self.unacked -= settled.events
            self.spooled -= settled.events if settled.first else 0
            self._unsent_from = max(0, self._unsent_from - 1)
        self._pass_marks()

    def nack(self, number: int, resume_at: float) -> None:
        """Batch ``number`` was refused: from ``resume_at`` on, send it and what follows again."""
        for index, each in enumerate(self._unacked):
            if each.number == number:
                self._unsent_from = min(self._unsent_from, index)
                self._resume_at = max(self._resume_at, resume_at)
                return

    def mark(self, passed: threading.Event) -> None:
        """Set ``passed`` once all that was added so far is acknowledged."""
        if self._unacked:
            self._marks.append((self._unacked[-1].number, passed))
        else:
            passed.set()

    def _drop_what_is_too_long(self) -> None:
        """The daemon takes shorter lines than it did. Its numbers are given, so nothing can be split any more."""
        fitting = deque(each for each in self._unacked if len(each.line) <= self._max_line + 1)
        dropped = self.unacked - sum(each.events for each in fitting)
        self.dropped += dropped
        self.unacked -= dropped
        self._unacked = fitting
        self.spooled = sum(each.events for each in fitting if each.first)
        self._unsent_from = 0
        self._pass_marks()

    def _pass_marks(self) -> None:
        while self._marks and not (self._unacked and self._unacked[0].number <= self._marks[0][0]):
            self._marks.popleft()[1].set()
