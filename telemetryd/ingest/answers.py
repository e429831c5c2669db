"""The answers of one connection, from being said until its peer reads them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Answers:
    """Writes to a transport, from :meth:`begin` on, and knows how much of it has not gone out.

    What the socket does not take at once is kept in one piece, however small the answers are.
    ``changed(by)`` is told by how many bytes more, or fewer, were seen to be unread; :meth:`pause` and
    :meth:`resume` are for the transport to call.
    """

    def __init__(self, changed: Callable[[int], None]) -> None:
        self._changed = changed
        self._transport: asyncio.WriteTransport | None = None
        self._kept = bytearray()
        self._paused = False
        self._seen = 0

    def begin(self, transport: asyncio.WriteTransport) -> None:
        """Write to this transport."""
        self._transport = transport
        # So it says at once that something is left, and that nothing is any more.
        transport.set_write_buffer_limits(0)

    def look(self) -> int:
        """Return how many bytes have not gone out by now; of each that goes the transport does not tell."""
        if not self._paused and not self._seen:
            return 0
        under_way = self._transport.get_write_buffer_size() if self._transport is not None else 0
        self._see(len(self._kept) + under_way)
        return self._seen

    def write(self, line: bytes) -> None:
        """Send a line, after all that were before it; one that is closing takes no more."""
        if self._transport is None or self._transport.is_closing():
            return
        if self._paused:
            self._kept += line
            self._see(self._seen + len(line))
        else:
            self._transport.write(line)
            self.look()

    def pause(self) -> None:
        """The peer does not read as fast as it is answered."""
        self._paused = True

    def resume(self) -> None:
        """It has read all that the transport had: the rest follows."""
        self._paused = False
        self.flush()

    def flush(self) -> None:
        """Hand everything to the transport, as before it is closed."""
        if self._kept and self._transport is not None:
            kept, self._kept = self._kept, bytearray()
            self._transport.write(kept)
        self.look()

    def drop(self) -> None:
        """Forget what is unread: nobody will read it any more."""
        self._kept.clear()
        self._paused = False
        self._see(0)

    def _see(self, unread: int) -> None:
        by, self._seen = unread - self._seen, unread
        if by:
            self._changed(by)
