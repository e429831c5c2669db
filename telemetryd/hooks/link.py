"""One connection to the daemon, seen as lines."""

from __future__ import annotations

import contextlib
import select
import socket
from collections import deque

CONNECT_TIMEOUT = 5.0
_RECEIVE = 1 << 16
# Whoever imports us may have given SIGPIPE its default back, and that ends the process.
_NO_SIGNAL = socket.MSG_NOSIGNAL
# No answer is nearly as long: what talks on without a newline is not the daemon.
_LONGEST_ANSWER = 1 << 20


class Link:
    """A connected Unix socket that sends bytes and hears lines, and waits only where it is asked to."""

    def __init__(self, connected: socket.socket) -> None:
        connected.setblocking(False)
        self._socket = connected
        self._outgoing: deque[memoryview] = deque()
        self._partial = b""

    @classmethod
    def connect(cls, path: str) -> Link:
        """Return a link to the daemon that listens at ``path``; raises :class:`OSError` where none does."""
        connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connected.settimeout(CONNECT_TIMEOUT)
            connected.connect(path)
            return cls(connected)
        except OSError:
            connected.close()
            raise

    @property
    def unsent(self) -> bool:
        """True while something given to :meth:`send` has not left."""
        return bool(self._outgoing)

    def send(self, data: bytes) -> None:
        """Have bytes sent by the next exchanges."""
        self._outgoing.append(memoryview(data))

    def exchange(self, timeout: float) -> list[bytes]:
        """Send what the socket takes, and return the lines that have come, without their newlines.

        Waits up to ``timeout`` s until there is something to read, or room for what is unsent.
        Raises :class:`OSError` when the connection is gone.
        """
        self._send_some()
        poll = select.poll()
        poll.register(self._socket, select.POLLIN | (select.POLLOUT if self._outgoing else 0))
        ready = poll.poll(timeout * 1000)
        if not ready:
            return []
        if ready[0][1] & select.POLLOUT:
            self._send_some()
        return self._lines(self._received())

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def _send_some(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._outgoing:
                sent = self._socket.send(self._outgoing[0], _NO_SIGNAL)
                if sent == len(self._outgoing[0]):
                    self._outgoing.popleft()
                else:
                    self._outgoing[0] = self._outgoing[0][sent:]

    def _received(self) -> bytes:
        try:
            data = self._socket.recv(_RECEIVE)
        except BlockingIOError:
            return b""
        if not data:
            raise ConnectionResetError("the daemon has hung up")
        return data

    def _lines(self, data: bytes) -> list[bytes]:
        *lines, self._partial = (self._partial + data).split(b"\n")
        if len(self._partial) > _LONGEST_ANSWER:
            raise ConnectionAbortedError("what listens there is not telemetryd: it sends no lines")
        return lines
