"""The listening socket of the API, TCP or Unix, with TLS or without."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from ssl import SSLContext

from aiohttp import web

from telemetryd.ingest.socket_file import BACKLOG, Openness, SocketFile
from telemetryd.instrumentation.events import InternalEvent
from telemetryd.model.errors import SettingsError
from telemetryd.model.http_settings import HttpSettings

from .connection import Bounds, Connections
from .listen import Listen, TcpAddress, UnixAddress, address_of, parse_listen

# How long answers under way may take once the daemon stops, in seconds.
DRAIN = 5.0
# Who may connect to a Unix socket, unless told otherwise.
TO_THE_DAEMON = Openness(0o600)


def serving_as_set(
    app: web.Application,
    http: HttpSettings,
    tls: SSLContext | None,
    openness: Openness,
    now: Callable[[], float],
    emit: Callable[[InternalEvent], None],
    inherited: socket.socket | None = None,
) -> AbstractAsyncContextManager[str]:
    """Serve ``app`` where and as the settings say, as :func:`serving` does."""
    connections = Connections(Bounds(http.max_connections, head=http.header_timeout), now, emit)
    return serving(app, http.listen, now, connections, tls, openness, inherited)


@asynccontextmanager
async def serving(
    app: web.Application,
    listen: str,
    now: Callable[[], float] = time.time,
    connections: Connections | None = None,
    tls: SSLContext | None = None,
    openness: Openness = TO_THE_DAEMON,
    inherited: socket.socket | None = None,
) -> AsyncIterator[str]:
    """Serve ``app`` at ``listen`` (as ``http.listen`` has it), or on a socket that was ``inherited``, while the context lasts.

    The value is the URL of the bound address, its port never 0; ``unix:/path`` for a Unix socket.

    Raises :class:`SettingsError` where the address cannot be listened on. On leaving, no new
    request is taken, and those under way get ``DRAIN`` seconds.
    """
    runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=DRAIN)
    await runner.setup()
    connections = connections or Connections(Bounds(), now)

    def protocol(tls: SSLContext | None) -> asyncio.BaseProtocol:
        assert runner.server is not None
        return connections.connect(runner.server, tls)

    try:
        try:
            server, bound, file = await _bind(protocol, parse_listen(listen), tls, openness, inherited)
        except OSError as error:
            found = f"{listen}: {error.strerror or error}"
            raise SettingsError([f"http.listen: expected an address that can be listened on, found {found}"]) from None
        try:
            yield bound.url
        finally:
            server.close()
            if file is not None:
                file.remove()
    finally:
        await runner.cleanup()


async def _bind(
    protocol: Callable[[SSLContext | None], asyncio.BaseProtocol],
    listen: Listen,
    tls: SSLContext | None,
    openness: Openness,
    inherited: socket.socket | None,
) -> tuple[asyncio.Server, Listen, SocketFile | None]:
    """Listen; TLS is the protocol's, not the server's, which would hide from it who never greets. A Unix socket has none."""
    loop = asyncio.get_running_loop()
    plain, secure = partial(protocol, None), partial(protocol, tls)
    if inherited is not None:
        listen = address_of(inherited, secure=tls is not None)
        connect = plain if isinstance(listen, UnixAddress) else secure
        return await loop.create_server(connect, sock=inherited, backlog=BACKLOG), listen, None
    if isinstance(listen, UnixAddress):
        # Not create_unix_server, which takes the place of whoever listens there.
        file = await loop.run_in_executor(None, SocketFile.make, Path(listen.path), openness)
        try:
            return await loop.create_server(plain, sock=file.socket, backlog=BACKLOG), listen, file
        except BaseException:
            file.remove()
            raise
    server = await loop.create_server(secure, listen.host, listen.port)
    port = server.sockets[0].getsockname()[1]
    return server, TcpAddress(listen.host, port, secure=tls is not None), None
