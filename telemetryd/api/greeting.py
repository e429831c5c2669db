"""A connection by TLS, counted from its first instant: one that never greets holds a descriptor as well."""

from __future__ import annotations

import asyncio
from asyncio.sslproto import SSLProtocol
from collections.abc import Callable
from ssl import SSLContext
from typing import Any


class Greeting(SSLProtocol):
    """What is between a socket and ``inner``, which hears of a connection only once it has greeted by TLS.

    The event loop's own servers tell nobody of a greeting that failed, so that nothing can count by them.
    """

    def __init__(
        self,
        inner: asyncio.BaseProtocol,
        tls: SSLContext,
        patience: float,
        enter: Callable[[], bool],
        leave: Callable[[], None],
    ) -> None:
        """Greet for ``inner`` within ``patience`` s, if ``enter`` says that there is a place; ``leave`` gives it back."""
        # Nobody waits for the greeting to end, and its time need not be whole: the types know neither.
        more: Any = {"waiter": None, "ssl_handshake_timeout": patience}
        super().__init__(asyncio.get_running_loop(), inner, tls, server_side=True, **more)
        self._enter = enter
        self._leave = leave

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet, or hang up where there are too many: to say so by TLS would take the place; called by the event loop."""
        assert isinstance(transport, asyncio.Transport)
        if not self._enter():
            transport.set_protocol(asyncio.Protocol())
            transport.abort()
            return
        super().connection_made(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        """The connection is gone, whether it had greeted or not; called by the event loop."""
        self._leave()
        super().connection_lost(exc)
