"""The ingest socket: its file, its connections, and the back-pressure over all of them."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from telemetryd.instrumentation import Instrumentation
from telemetryd.instrumentation.access_events import HooksRefused
from telemetryd.instrumentation.events import ConnectionRefused, InternalEvent, ProducerShared
from telemetryd.model.codec import Hello, encode_line
from telemetryd.model.settings import Settings

from .allowed import AllowedPeers
from .connection import Connection
from .peer import Peer
from .recorder import Recorder
from .socket_file import BACKLOG, TO_ITS_GROUP, Openness, listen_at
from .submission import Submission
from .welcomes import Welcome


class Listener:
    """All connections of the ingest socket; what they share and what bounds them.

    While more than ``ingest.max_pending_bytes`` wait for the disk, no connection is read. Where more than
    ``ingest.max_unfinished_bytes`` are held of lines that have not ended, the connection with most of them is closed;
    so it is with ``ingest.max_unread_bytes`` of answers that are not read, which are ``unread``.
    """

    def __init__(
        self,
        recorder: Recorder,
        settings: Callable[[], Settings],
        instrumentation: Instrumentation,
        clock: Callable[[], float],
        peers: AllowedPeers | None = None,
    ) -> None:
        self._peers = peers or AllowedPeers()
        self.instrumentation = instrumentation
        self.now = clock
        self._recorder = recorder
        self._settings = settings
        self._connections: set[Connection] = set()
        self._pending = 0
        self._unfinished = 0
        self.unread = 0
        self.paused = False
        self._stopped = False

    @property
    def max_line_bytes(self) -> int:
        return self._settings().ingest.max_line_bytes

    @property
    def enabled(self) -> bool:
        return self._settings().telemetry.enabled

    @property
    def retention_days(self) -> int:
        return self._settings().telemetry.retention_days

    @property
    def connections(self) -> int:
        """Connections that are open now."""
        return len(self._connections)

    def connect(self) -> asyncio.BaseProtocol:
        """Return the protocol of a new connection; called by the event loop."""
        limit = self._settings().ingest.max_connections
        if len(self._connections) >= limit and self.paused:
            # Of a connection that is not read nobody hears that its peer is gone.
            self._connections.difference_update([each for each in self._connections if each.leave()])
        if len(self._connections) >= limit:
            error = f"expected at most {limit} connections at once, found one more"
            line = encode_line({"error": error, "reason": "too_many_connections"})
            return _Refusal(ConnectionRefused(limit), line, self.instrumentation)
        connection = Connection(self)
        self._connections.add(connection)
        return connection

    def admits(self, peer: Peer, connected: socket.socket) -> bool:
        """Whether a process that is connected may send events."""
        return self._peers.allow(peer, connected)

    def look_again(self) -> None:
        """The allow-list is another one: hang up on those that are not on it."""
        for connection in list(self._connections):
            connection.look_again()

    def greet(self, hello: Hello, welcome: Welcome) -> None:
        """Call ``welcome`` with the last batch of this producer that is on disk; those of it that are gone end."""
        for older in [each for each in self._connections if each.producer == hello.producer]:
            self.instrumentation.emit(ProducerShared(hello.producer))
            older.give_way()
        self._recorder.greet(hello, welcome)

    def submit(self, submission: Submission) -> None:
        """Hand events to the recorder, and stop reading where too much is pending."""
        self._pending += submission.size
        self._recorder.submit(submission)
        if not self.paused and self._pending > self._settings().ingest.max_pending_bytes:
            self.paused = True
            for connection in self._connections:
                connection.pause_reading()

    def settled(self, size: int) -> None:
        """So many bytes are done with; read again once half of the room is free."""
        self._pending -= size
        if self.paused and not self._stopped and self._pending <= self._settings().ingest.max_pending_bytes // 2:
            self.paused = False
            for connection in self._connections:
                connection.resume_reading()

    def holds(self, change: int) -> None:
        """So many more bytes, or fewer, are held of lines that have not ended; beyond the limit, the connection with most is closed."""
        self._unfinished += change
        limit = self._settings().ingest.max_unfinished_bytes
        if self._unfinished > limit:
            max(self._connections, key=lambda each: each.unfinished).give_up(limit)

    def owes(self, change: int) -> None:
        """So many more bytes, or fewer, of answers are not read; beyond the limit, the connection with most is cut."""
        self.unread += change
        limit = self._settings().ingest.max_unread_bytes
        if change > 0 and self.unread > limit:
            # Each of them looks, which may show that more was read than is known here.
            most = max(self._connections, key=lambda each: each.unread)
            if self.unread > limit:
                most.cut()

    def closed(self, connection: Connection) -> None:
        """A connection is gone."""
        self._connections.discard(connection)

    def tell_settings(self) -> None:
        """Tell every producer that said hello whether events are wanted."""
        for connection in self._connections:
            if connection.producer:
                connection.send({"settings": {"enabled": self.enabled}})

    def stop_reading(self) -> None:
        """Take nothing more; what was taken is still answered."""
        self.paused = self._stopped = True
        for connection in self._connections:
            connection.pause_reading()

    def close(self) -> None:
        """Hang up on everyone, after the last answers."""
        for connection in list(self._connections):
            connection.close()


class _Refusal(asyncio.Protocol):
    """Says why a connection is refused, and hangs up."""

    def __init__(self, event: InternalEvent, line: bytes, instrumentation: Instrumentation) -> None:
        self._event = event
        self._line = line
        self._instrumentation = instrumentation

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._instrumentation.emit(self._event)
        transport.write(self._line)
        transport.close()


@contextlib.asynccontextmanager
async def listening(
    listener: Listener, path: Path, inherited: socket.socket | None, openness: Openness = TO_ITS_GROUP
) -> AsyncIterator[None]:
    """Serve the ingest socket: the inherited one, else a new one at ``path``, as :func:`listen_at` makes it.

    On leaving, the socket takes nothing more; a file of our own is removed, an inherited one stays.
    """
    own, bound = None, inherited
    if bound is None:
        own = listen_at(path, openness)
        bound = own.socket
    try:
        # Not create_unix_server, which from Python 3.13 on removes the file of any Unix socket at the end.
        server = await asyncio.get_running_loop().create_server(listener.connect, sock=bound, backlog=BACKLOG)
        try:
            yield
        finally:
            server.close()
            listener.stop_reading()
    finally:
        if own is not None:
            own.remove()


@contextlib.asynccontextmanager
async def refusing(inherited: socket.socket, instrumentation: Instrumentation) -> AsyncIterator[None]:
    """Tell whoever connects to an inherited socket that no events are taken, and hang up: to wait would be for nothing."""
    error = "expected nobody, for telemetry.operation_hooks is false, found a connection"
    line = encode_line({"error": error, "reason": "hooks_disabled"})
    refuse = functools.partial(_Refusal, HooksRefused(), line, instrumentation)
    server = await asyncio.get_running_loop().create_server(refuse, sock=inherited, backlog=BACKLOG)
    try:
        yield
    finally:
        server.close()
