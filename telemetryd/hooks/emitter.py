"""The emitter: what a WAL calls to tell of its operations."""

from __future__ import annotations

import os
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from telemetryd.model.events import BACKEND_HEALTH_CHANGE, OPERATION_START, STATUS_CHANGE

from . import lifetime
from .address import ingest_socket, producer_name
from .buffer import Buffer
from .clock import Clock
from .notes import clipped, plain
from .sender import PUT_AWAY_TIMEOUT, Sender
from .spool import Spool

CAPACITY = 65_536
SPOOL_BYTES = 64 << 20
_LEAST_SPOOL = 1 << 16
_LONGEST_NAME = 200  # and room for what a fork adds; the protocol takes 256
_GLANCE = 0.01


@dataclass(frozen=True, slots=True)
class Statistics:
    """An emitter's account of itself; counts of events since the process started or was forked.

    ``sent`` were written to the daemon, ``acked`` are on its disk, ``unacked`` are in batches that
    are not acknowledged, ``buffered`` wait before them in memory, ``spooled`` are in the spool and not
    acknowledged. ``dropped`` found no room, or were lost in a spool on a bad disk,
    ``discarded`` were not wanted (the daemon said so, or the emitter was closed), ``invalid`` counts
    arguments that no event can be made of, ``errors`` the daemon's error lines.
    ``trouble`` says why there is no connection, what is wrong with the spool, or what the last error line said.
    """

    producer: str
    connected: bool
    sent: int
    acked: int
    unacked: int
    buffered: int
    spooled: int
    dropped: int
    discarded: int
    invalid: int
    errors: int
    trouble: str


class Emitter:
    """Tells the daemon at ``socket`` of operations and backends, under the name ``producer``.

    Calls may come from any thread. They note the event in a buffer of ``capacity`` events and
    return; they never raise, whatever the arguments are, do no input or output and wait for
    nothing. A daemon thread, started with the first call, does the rest for as long as the
    process lives. A name that is given must be no other process's: batches are numbered by it.

    ``spool`` is the path of a file, of at most ``spool_bytes``, that keeps events while the daemon does not
    take them; what a process leaves in it the next one sends.

    ``at`` is the instant of the event on :attr:`monotonic`, which is now where it is not given.
    ``clock``, ``buffer`` and ``sender`` are for hooks that note events themselves; a fork replaces the latter two.
    """

    def __init__(
        self,
        socket: str | os.PathLike[str] | None = None,
        producer: str | None = None,
        spool: str | os.PathLike[str] | None = None,
        *,
        capacity: int = CAPACITY,
        spool_bytes: int = SPOOL_BYTES,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        if producer is not None and not 1 <= len(producer) <= _LONGEST_NAME:
            raise ValueError(f"producer: expected a name of 1 to {_LONGEST_NAME} characters, found {producer!r}")
        if capacity < 1:
            raise ValueError(f"capacity: expected at least 1 event, found {capacity}")
        if spool_bytes < _LEAST_SPOOL:
            raise ValueError(f"spool_bytes: expected at least {_LEAST_SPOOL} bytes, found {spool_bytes}")
        self._socket = os.path.expanduser(os.fspath(socket)) if socket else ingest_socket(os.environ)
        self._name = producer or producer_name()
        self._named = producer is not None
        self._capacity = capacity
        self.clock = Clock(monotonic, wall)
        self.monotonic = monotonic
        self.buffer: Buffer
        self.sender: Sender
        self._closed = False
        self._spooled = bool(spool)
        self._begin(self._name, Spool(_path(spool), spool_bytes) if spool else None)
        if spool:
            # What the last process left has to be sent, whether or not there is something to add.
            self.sender.wake()
        lifetime.look_after(self)

    def operation_start(
        self,
        operation_id: str,
        operation_type: str | Enum,
        backend: str | Enum,
        size: int | None = None,
        *,
        at: float | None = None,
    ) -> None:
        """An operation entered the WAL; ``size`` in bytes."""
        sender = self.sender
        if not sender.wanted:
            sender.conversation.discarded.add()
            return
        at = at if type(at) is float else self.monotonic()
        self.buffer.put((at, self.clock.offset, OPERATION_START, operation_id, operation_type, backend, size))
        if sender.asleep:
            sender.wake()

    def status_change(
        self,
        operation_id: str,
        status: str | Enum,
        operation_type: str | Enum | None = None,
        backend: str | Enum | None = None,
        latency: float | None = None,
        retry_count: int | None = None,
        error: str | None = None,
        error_type: str | None = None,
        size: int | None = None,
        *,
        at: float | None = None,
    ) -> None:
        """An operation entered ``status``; ``latency`` in s, where the WAL measured it itself, ``size`` in bytes."""
        sender = self.sender
        if not sender.wanted:
            sender.conversation.discarded.add()
            return
        at = at if type(at) is float else self.monotonic()
        if type(status) is not str:
            status = plain(status)
        if error is not None:
            error = clipped(error)
        if error_type is not None:
            error_type = clipped(error_type)
        note = (
            at, self.clock.offset, STATUS_CHANGE,
            operation_id, status, operation_type, backend, latency, retry_count, error, error_type, size,
        )  # fmt: skip
        # An object may define `==` as it likes, and raise there.
        if type(status) is str and status == "processing":
            self.buffer.put_processing(note)
        else:
            self.buffer.put(note)
        if sender.asleep:
            sender.wake()

    def backend_health_change(
        self, backend: str | Enum, old_status: str | Enum | None, new_status: str | Enum, *, at: float | None = None
    ) -> None:
        """A backend's health became ``new_status``."""
        sender = self.sender
        if not sender.wanted:
            sender.conversation.discarded.add()
            return
        at = at if type(at) is float else self.monotonic()
        self.buffer.put((at, self.clock.offset, BACKEND_HEALTH_CHANGE, backend, old_status, new_status))
        if sender.asleep:
            sender.wake()

    def flush(self, timeout: float = 2.0) -> bool:
        """Wait up to ``timeout`` s; return True when all that was noted before is acknowledged or not wanted."""
        sender = self.sender
        if not sender.started and not self.buffer:
            return sender.conversation.finished
        passed = self.buffer.mark(self.monotonic())
        sender.hurry()
        return passed.wait(timeout)

    def drain(self, timeout: float) -> bool:
        """Flush, but give up as soon as it shows that there is no daemon to be reached."""
        sender = self.sender
        if not sender.started and not self.buffer:
            return sender.conversation.finished
        misses = sender.misses
        deadline = time.monotonic() + timeout
        passed = self.buffer.mark(self.monotonic())
        sender.hurry()
        while not passed.wait(_GLANCE):
            if sender.misses > misses or not sender.started or time.monotonic() >= deadline:
                return False
        return True

    def end(self, timeout: float) -> None:
        """Drain; with a spool, take no more events and have what is left put there."""
        self.drain(timeout)
        if self._spooled:
            self.sender.leave(0)
            self.sender.join(PUT_AWAY_TIMEOUT)

    def close(self, timeout: float = 2.0) -> bool:
        """Take no more events, flush, and end the thread; return what flushing did. Closing again is harmless."""
        deadline = time.monotonic() + timeout
        self._closed = True
        self.sender.leave(timeout)
        flushed = self.flush(timeout)
        self.sender.leave(0)
        self.sender.join(PUT_AWAY_TIMEOUT if self._spooled else max(0.0, deadline - time.monotonic()))
        return flushed

    def statistics(self) -> Statistics:
        """Return the counts as they are now."""
        sender, conversation = self.sender, self.sender.conversation
        # First what is before the outbox: what leaves it meanwhile is found there.
        buffered = conversation.supply.waiting
        return Statistics(
            producer=conversation.producer,
            connected=sender.connected,
            sent=conversation.outbox.sent,
            acked=conversation.outbox.acked,
            unacked=conversation.outbox.unacked,
            buffered=buffered,
            spooled=conversation.supply.spooled,
            dropped=conversation.dropped,
            discarded=conversation.discarded.value,
            invalid=conversation.invalid.value,
            errors=conversation.errors,
            trouble=sender.trouble or conversation.trouble,
        )

    def renew(self) -> None:
        """Begin anew in the child of a fork, under a name of its own; the parent keeps what was its."""
        self.sender.abandon()
        self._spooled = False
        self._begin(f"{self._name}-{os.getpid()}", None)
        if self._closed:
            self.sender.leave(0)

    def _begin(self, producer: str, spool: Spool | None) -> None:
        self.buffer = Buffer(self._capacity)
        self.sender = Sender(self.buffer, self.clock, self._socket, producer, spool, named=self._named)
        # The thread knows nothing of the emitter; once that is gone, nothing more will be noted.
        weakref.finalize(self, _retire, self.sender).atexit = False


def _path(spool: str | os.PathLike[str]) -> str:
    path = os.path.abspath(os.path.expanduser(os.fsdecode(spool)))
    if "\0" in path:
        raise ValueError(f"spool: expected a path, found {path!r}")
    return path


def _retire(sender: Sender) -> None:
    sender.leave(lifetime.EXIT_TIMEOUT)
    lifetime.see_off(sender)
