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

# Events are collected for so long before they are sent, and answers waited for at a time.
LINGER = 0.05
# With nothing to do, how often to look whether the daemon has said something.
IDLE = 1.0
WELCOME_TIMEOUT = 10.0
SHORTEST_BACKOFF = 0.1
LONGEST_BACKOFF = 10.0
REPORT_DROPPED_EVERY = 10.0

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
        *,
        report_dropped_every: float = REPORT_DROPPED_EVERY,
    ) -> None:
        self.wanted = True
        self.asleep = True
        self.connected = False
        self.misses = 0
        self.trouble = ""
        self.conversation = Conversation(buffer, producer)
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
            while not self._done():
                self._clock.anchor()
                try:
                    self._link = Link.connect(self._socket)
                    self._greet(self._link)
                    self._serve(self._link)
                except OSError as error:
                    self.misses += 1
                    self.trouble = str(error)
                    self._hang_up()
                    self._wait(self._backoff * random.uniform(0.5, 1.0))
                    self._backoff = min(2 * self._backoff, LONGEST_BACKOFF)
        finally:
            self._hang_up()
            self._thread = None
            self.asleep = True

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
            taken = conversation.fill()
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
            else:
                self._sleep()

    def _say_hello(self, link: Link) -> None:
        self._hello_at = time.monotonic()
        link.send(self.conversation.hello())

    def _exchange(self, link: Link, timeout: float) -> None:
        for line in link.exchange(timeout):
            self.conversation.hear(line, time.monotonic())
        self.wanted = self.conversation.enabled
        if self._leave_by is not None:
            self.wanted = False

    def _wait(self, seconds: float) -> None:
        """Wait, unless somebody rings."""
        with contextlib.suppress(Empty):
            self._bell.get(timeout=seconds)

    def _sleep(self) -> None:
        """Wait until something is noted, then for a moment more, to send it together with what follows."""
        self.asleep = True
        if self._buffer:
            # It was noted between the look and the falling asleep, so nobody rings.
            self.asleep = False
            self._wait(LINGER)
            return
        try:
            rung = self._bell.get(timeout=IDLE)
        except Empty:
            return
        finally:
            self.asleep = False
        if rung is _NOTED:
            self._wait(LINGER)
