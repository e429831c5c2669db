"""The thread that sees to it that the daemon has what was noted on its disk."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from queue import Empty, SimpleQueue

from .buffer import Buffer
from .clock import Clock
from .conversation import BATCH, Conversation
from .link import Link
from .spool import Spool

# Events are collected for so long before they are sent, and answers waited for at a time.
LINGER = 0.1
# With nothing to do, how often to look whether the daemon has said something.
IDLE = 1.0
WELCOME_TIMEOUT = 10.0
SHORTEST_BACKOFF = 0.1
LONGEST_BACKOFF = 10.0
REPORT_DROPPED_EVERY = 10.0
# What the daemon does not acknowledge for so long goes to the spool.
PATIENCE = 1.0
# How long somebody who ends waits for what is left to be in the spool, in s.
PUT_AWAY_TIMEOUT = 2.0
_GLANCE = 0.01

# What the bell says.
_NOTED = False
_URGENT = True


class Sender:
    """Sends one producer's notes to the daemon at ``socket``, for as long as there is somebody to note.

    Its thread starts when it is first woken. What other threads read and write of it are single
    attributes: ``wanted`` says whether notes are worth leaving, ``asleep`` whether to :meth:`wake` it,
    ``misses`` counts connections that failed, ``trouble`` says why the last one did.
    """

    def __init__(
        self,
        buffer: Buffer,
        clock: Clock,
        socket: str,
        producer: str,
        spool: Spool | None = None,
        *,
        named: bool = True,
        report_dropped_every: float = REPORT_DROPPED_EVERY,
    ) -> None:
        self.wanted = True
        self.asleep = True
        self.connected = False
        self.misses = 0
        self.trouble = ""
        self.conversation = Conversation(buffer, producer, spool, named=named)
        self._buffer = buffer
        self._clock = clock
        self._socket = socket
        self._report_dropped_every = report_dropped_every
        self._bell: SimpleQueue[bool] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._link: Link | None = None
        self._hello_at = 0.0
        self._backoff = SHORTEST_BACKOFF
        self._leave_by: float | None = None
        self._acked = 0
        self._acked_at = 0.0

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
            self._bell.put(_NOTED)

    def hurry(self) -> None:
        """Somebody waits: send at once, and try to reach the daemon at once."""
        self.wake()
        self._bell.put(_URGENT)

    def leave(self, within: float) -> None:
        """Take no more notes, and let the thread end when all is acknowledged, or after ``within`` s."""
        self._leave_by = time.monotonic() + within
        self.wanted = False
        self._bell.put(_URGENT)

    def see_out(self, timeout: float) -> None:
        """Wait for the thread to end, but not for a daemon that cannot be reached; what is left then goes to the spool."""
        misses = self.misses
        deadline = time.monotonic() + timeout
        self._bell.put(_URGENT)
        while self.started and self.misses == misses and time.monotonic() < deadline:
            self.join(_GLANCE)
        self.leave(0)
        if self.conversation.supply.spool is not None:
            self.join(PUT_AWAY_TIMEOUT)

    def join(self, timeout: float) -> None:
        """Wait for the thread to end."""
        thread = self._thread
        if thread is not None:
            thread.join(timeout)

    def abandon(self) -> None:
        """Close this process's copies of a connection and a spool that belong to the process it was forked from."""
        self._thread = None
        if self._link is not None:
            self._link.close()
        if self.conversation.supply.spool is not None:
            self.conversation.supply.spool.abandon()

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
            while not self._done():
                self._clock.anchor()
                self.conversation.open_spool()
                try:
                    self._link = Link.connect(self._socket)
                    self._greet(self._link)
                    self._serve(self._link)
                except OSError as error:
                    self.misses += 1
                    self.trouble = str(error)
                    self._hang_up()
                    self._rest(self._backoff * random.uniform(0.5, 1.0))
                    self._backoff = min(2 * self._backoff, LONGEST_BACKOFF)
        finally:
            self._hang_up()
            self.conversation.supply.close()
            self._thread = None
            self.asleep = True
        if self._buffer and not self._done():
            # It was noted after the last look at the buffer, while there still was a thread: so nobody started one.
            self.wake()

    def _done(self) -> bool:
        if self._leave_by is None:
            return False
        return self.conversation.finished or time.monotonic() >= self._leave_by

    def _hang_up(self) -> None:
        self.connected = False
        if self._link is not None:
            self._link.close()
            self._link = None

    def _greet(self, link: Link) -> None:
        """Say hello on a new connection and wait for the welcome."""
        conversation = self.conversation
        errors = conversation.errors
        self._say_hello(link)
        while not conversation.greeted:
            if time.monotonic() > self._hello_at + WELCOME_TIMEOUT:
                raise TimeoutError(f"expected a welcome within {WELCOME_TIMEOUT:.0f} s, found none")
            if self._done():
                raise ConnectionAbortedError("expected a welcome before leaving, found none")
            conversation.supply.put_away()
            self._exchange(link, LINGER)
            if conversation.errors > errors and not conversation.greeted:
                raise ConnectionRefusedError(conversation.complaint)
        conversation.outbox.reconnected()
        self.connected = True
        self.trouble = ""
        self._backoff = SHORTEST_BACKOFF

    def _serve(self, link: Link) -> None:
        """Send and hear until it is time to go; raises :class:`OSError` when the connection is lost."""
        conversation, outbox = self.conversation, self.conversation.outbox
        while not self._done():
            self._clock.anchor()
            taken = conversation.fill(behind=self._behind())
            if not link.unsent:
                for line in outbox.due(time.monotonic()):
                    link.send(line)
            if conversation.dropped_untold and time.monotonic() >= self._hello_at + self._report_dropped_every:
                self._say_hello(link)
            self._exchange(link, 0)
            if taken == BATCH:
                continue
            if outbox.waited_for or outbox.full or link.unsent:
                self._exchange(link, LINGER)
            elif outbox:
                self._wait(LINGER)
            elif not self._done():
                self._sleep()

    def _behind(self) -> bool:
        """Whether the daemon has acknowledged nothing of what it was sent for a while."""
        outbox, now = self.conversation.outbox, time.monotonic()
        if not outbox or outbox.acked != self._acked:
            self._acked, self._acked_at = outbox.acked, now
        return now - self._acked_at >= PATIENCE

    def _say_hello(self, link: Link) -> None:
        self._hello_at = time.monotonic()
        link.send(self.conversation.hello())

    def _exchange(self, link: Link, timeout: float) -> None:
        for line in link.exchange(timeout):
            self.conversation.hear(line, time.monotonic())
        self.wanted = self.conversation.enabled
        if self._leave_by is not None:
            self.wanted = False

    def _rest(self, seconds: float) -> None:
        """Wait before the next attempt, unless somebody is in a hurry; what is noted meanwhile goes to the spool."""
        until = time.monotonic() + seconds
        supply = self.conversation.supply
        while (left := until - time.monotonic()) > 0 and not self._done():
            if not supply.put_away():
                self._wait(left)
                return
            if self._sleep(left):
                return

    def _wait(self, seconds: float) -> bool:
        """Wait, unless somebody rings; return whether it is urgent."""
        with contextlib.suppress(Empty):
            return self._bell.get(timeout=seconds) is _URGENT
        return False

    def _sleep(self, longest: float = IDLE) -> bool:
        """Wait until something is noted, then for a moment more, to take it together with what follows; return as :meth:`_wait`."""
        self.asleep = True
        if self._buffer:
            # It was noted between the look and the falling asleep, so nobody rings.
            self.asleep = False
            return self._wait(LINGER)
        try:
            rung = self._bell.get(timeout=longest)
        except Empty:
            return False
        finally:
            self.asleep = False
        return self._wait(LINGER) if rung is _NOTED else True
