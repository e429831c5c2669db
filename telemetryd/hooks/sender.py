"""The thread that takes notes from the buffer and sees to it that the daemon has them on disk."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from queue import Empty, SimpleQueue

import msgspec

from telemetryd.model.codec import VERSION, encode_line
from telemetryd.model.events import Event

from .answers import read_answer
from .buffer import Buffer
from .clock import Clock, Offsets
from .link import Link
from .notes import FIRST_ARGUMENT, KIND, Mark, event_of
from .outbox import Outbox
from .tally import Tally

BATCH = 1000
MOST_UNACKED = 32  # batches
# Events are collected for so long before they are sent, and answers waited for at a time.
LINGER = 0.05
# With nothing to do, how often to look whether the daemon has said something.
IDLE = 1.0
WELCOME_TIMEOUT = 10.0
SHORTEST_BACKOFF = 0.1
LONGEST_BACKOFF = 10.0
REPORT_DROPPED_EVERY = 10.0
_MOST_OPERATIONS = 100_000

_EVENT = False
_URGENT = True


class Sender:
    """Sends one producer's notes to the daemon at ``socket``, for as long as there is somebody to note.

    Its thread starts when it is first woken. What other threads read and write of it are single
    attributes: ``wanted`` says whether notes are worth leaving, ``asleep`` whether to :meth:`wake` it,
    the rest is for statistics.
    """

    def __init__(self, buffer: Buffer, clock: Clock, socket: str, producer: str) -> None:
        self.producer = producer
        self.wanted = True
        self.asleep = True
        self.connected = False
        self.misses = 0  # connections that failed, ever
        self.trouble = ""  # why the last one did
        self.errors = 0  # error lines of the daemon
        self.invalid = Tally()
        self.discarded = Tally()
        self.outbox = Outbox(MOST_UNACKED)
        self._buffer = buffer
        self._clock = clock
        self._socket = socket
        self._offsets = Offsets(_MOST_OPERATIONS)
        self._bell: SimpleQueue[bool] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._link: Link | None = None
        self._greeted = False
        self._greeted_at = 0.0
        self._enabled = True
        self._backoff = SHORTEST_BACKOFF
        self._leave_by: float | None = None
        self._dropped_said = 0
        self._dropped_confirmed = 0

    @property
    def dropped(self) -> int:
        """Events that had to be dropped, ever."""
        return self._buffer.dropped.value + self.outbox.dropped

    @property
    def started(self) -> bool:
        """True while the thread lives."""
        return self._thread is not None

    def wake(self) -> None:
        """Something was noted while the sender slept."""
        self.asleep = False
        if self._thread is None:
            self._start()
        else:
            self._bell.put(_EVENT)

    def hurry(self) -> None:
        """Somebody waits: send at once, and try to reach the daemon at once."""
        self.wake()
        self._bell.put(_URGENT)

    def leave(self, within: float) -> None:
        """Take no more notes, and let the thread end when all is acknowledged, or after ``within`` s."""
        self.wanted = False
        self._leave_by = time.monotonic() + within
        self._bell.put(_URGENT)

    def join(self, timeout: float) -> None:
        """Wait for the thread to end."""
        thread = self._thread
        if thread is not None:
            thread.join(timeout)

    def abandon(self) -> None:
        """Close this process's copy of a connection that belongs to the process it was forked from."""
        if self._link is not None:
            self._link.close()

    def _start(self) -> None:
        # Not a lock to wait for: whoever comes second leaves the starting to the first.
        if not self._starting.acquire(blocking=False):
            return
        try:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="telemetryd-hooks", daemon=True)
                self._thread.start()
        except RuntimeError as error:
            # No more threads here, or the interpreter is on its way out. The next note tries again.
            self._thread = None
            self.trouble = str(error)
            self.asleep = True
        finally:
            self._starting.release()

    def _run(self) -> None:
        try:
            while not self._finished():
                self._clock.anchor()
                try:
                    self._link = Link.connect(self._socket)
                    self._greet(self._link)
                    self._serve(self._link)
                except OSError as error:
                    self._lost(error)
                    self._wait(self._backoff * random.uniform(0.5, 1.0))
                    self._backoff = min(2 * self._backoff, LONGEST_BACKOFF)
        finally:
            self._hang_up()
            self._thread = None
            self.asleep = True

    def _finished(self) -> bool:
        if self._leave_by is None:
            return False
        return time.monotonic() >= self._leave_by or not (self._buffer or self.outbox)

    def _lost(self, error: OSError) -> None:
        self.misses += 1
        self.trouble = str(error)
        self._hang_up()

    def _hang_up(self) -> None:
        self.connected = False
        if self._link is not None:
            self._link.close()
            self._link = None

    def _greet(self, link: Link) -> None:
        """Say hello on a new connection and wait for the welcome."""
        self._greeted = False
        self._say_hello(link)
        deadline = time.monotonic() + WELCOME_TIMEOUT
        errors = self.errors
        while not self._greeted:
            if time.monotonic() > deadline:
                raise TimeoutError(f"expected a welcome within {WELCOME_TIMEOUT:.0f} s, found none")
            self._hear(link.exchange(LINGER))
            if self.errors > errors and not self._greeted:
                raise ConnectionRefusedError(self.trouble)
        self.outbox.reconnected()
        self.connected = True
        self.trouble = ""
        self._backoff = SHORTEST_BACKOFF

    def _say_hello(self, link: Link) -> None:
        self._dropped_said = self.dropped
        self._greeted_at = time.monotonic()
        dropped = self._dropped_said - self._dropped_confirmed
        link.send(encode_line({"hello": {"producer": self.producer, "version": VERSION, "dropped": dropped}}))

    def _serve(self, link: Link) -> None:
        """Send and hear until it is time to go; raises :class:`OSError` when the connection is lost."""
        while not self._finished():
            self._clock.anchor()
            taken = self._fill()
            if not link.unsent:
                for line in self.outbox.due(time.monotonic()):
                    link.send(line)
            self._report_dropped(link)
            self._hear(link.exchange(0))
            if taken == BATCH:
                continue
            if self.outbox.waited_for or self.outbox.full or link.unsent:
                self._hear(link.exchange(LINGER))
            elif self.outbox:
                self._wait(LINGER)
            else:
                self._sleep()

    def _fill(self) -> int:
        """Move notes from the buffer to the outbox as events; return how many were taken, at most BATCH."""
        if self.outbox.full:
            return 0
        notes = self._buffer.take(BATCH)
        events: list[Event] = []
        for note in notes:
            if note[KIND] is Mark:
                self._add(events)
                events = []
                self.outbox.mark(note[FIRST_ARGUMENT])
            elif not self._enabled:
                self.discarded.add()
            else:
                try:
                    event, unusable = event_of(note, self._offsets)
                except msgspec.ValidationError:
                    self.invalid.add()
                else:
                    events.append(event)
                    if unusable:
                        self.invalid.add(unusable)
        self._add(events)
        return len(notes)

    def _add(self, events: list[Event]) -> None:
        if events:
            self.outbox.add(events)

    def _report_dropped(self, link: Link) -> None:
        """Say hello again where events were dropped though the connection holds, between batches."""
        if self.dropped == self._dropped_confirmed or self.outbox:
            return
        if time.monotonic() - self._greeted_at >= REPORT_DROPPED_EVERY:
            self._say_hello(link)

    def _hear(self, lines: list[bytes]) -> None:
        for line in lines:
            answer = read_answer(line)
            if answer.ack is not None:
                self.outbox.ack(answer.ack)
            elif answer.nack is not None:
                wait = min(max(answer.retry_after, LINGER), LONGEST_BACKOFF)
                self.outbox.nack(answer.nack, time.monotonic() + wait)
            elif answer.welcome is not None:
                self._greeted = True
                self._dropped_confirmed = self._dropped_said
                self.outbox.learn(answer.welcome.last_batch, answer.welcome.max_line_bytes)
                self._set_enabled(answer.welcome.enabled)
            elif answer.settings is not None:
                self._set_enabled(answer.settings.enabled)
            elif answer.error is not None:
                self.errors += 1
                self.trouble = answer.error

    def _set_enabled(self, enabled: bool) -> None:
        self._enabled = enabled
        self.wanted = enabled and self._leave_by is None

    def _wait(self, seconds: float) -> None:
        """Wait, unless somebody rings."""
        with contextlib.suppress(Empty):
            self._bell.get(timeout=seconds)

    def _sleep(self) -> None:
        """Wait until something is noted, then for a moment more, to send it together with what follows."""
        self.asleep = True
        if self._buffer or self._leave_by is not None:
            self.asleep = False
            self._wait(LINGER)
            return
        try:
            urgent = self._bell.get(timeout=IDLE)
        except Empty:
            return
        finally:
            self.asleep = False
        if not urgent:
            self._wait(LINGER)
