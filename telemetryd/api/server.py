"""The listening socket of the API, TCP or Unix, and the answers to what is not HTTP."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import LineTooLong

from telemetryd.ingest.socket_file import BACKLOG, SocketFile
from telemetryd.model.errors import SettingsError

from .app import NO_OPERATION
from .envelope import answer, failure
from .errors import STATUS_OF
from .listen import Listen, TcpAddress, UnixAddress, address_of, parse_listen

# The longest request line (a path with its query) and the longest header, in bytes.
MAX_REQUEST_LINE = 65_536
MAX_HEADER = 16_384
# How long answers under way may take once the daemon stops, and how long an idle connection stays, in seconds.
DRAIN = 5.0
KEEPALIVE = 75.0


@asynccontextmanager
async def serving(
    app: web.Application, listen: str, now: Callable[[], float] = time.time, inherited: socket.socket | None = None
) -> AsyncIterator[str]:
    """Serve ``app`` at ``listen`` (as ``http.listen`` has it), or on a socket that was ``inherited``, while the context lasts.

    The value is the URL of the bound address, its port never 0; ``unix:/path`` for a Unix socket.

    Raises :class:`SettingsError` where the address cannot be listened on. On leaving, no new
    request is taken, and those under way get ``DRAIN`` seconds.
    """
    runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=DRAIN)
    await runner.setup()
    loop = asyncio.get_running_loop()

    def protocol() -> _Protocol:
        assert runner.server is not None
        return _Protocol(
            runner.server,
            now,
            loop=loop,
            access_log=None,
            keepalive_timeout=KEEPALIVE,
            max_line_size=MAX_REQUEST_LINE,
            max_field_size=MAX_HEADER,
            auto_decompress=False,
        )

    try:
        try:
            server, bound, file = await _bind(loop, protocol, parse_listen(listen), inherited)
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
    loop: asyncio.AbstractEventLoop, protocol: Callable[[], _Protocol], listen: Listen, inherited: socket.socket | None
) -> tuple[asyncio.Server, Listen, SocketFile | None]:
    if inherited is not None:
        return await loop.create_server(protocol, sock=inherited, backlog=BACKLOG), address_of(inherited), None
    if isinstance(listen, UnixAddress):
        # Not create_unix_server, which takes the place of whoever listens there.
        file = await loop.run_in_executor(None, SocketFile.make, Path(listen.path))
        try:
            return await loop.create_server(protocol, sock=file.socket, backlog=BACKLOG), listen, file
        except BaseException:
            file.remove()
            raise
    server = await loop.create_server(protocol, listen.host, listen.port)
    return server, TcpAddress(listen.host, server.sockets[0].getsockname()[1]), None


class _Protocol(web.RequestHandler):
    """One connection; what cannot be read as HTTP is answered with an envelope too."""

    __slots__ = ("_now",)

    def __init__(self, manager: web.Server, now: Callable[[], float], **limits: Any) -> None:
        super().__init__(manager, **limits)
        self._now = now

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        """Return the answer to a request that did not reach the application, or raise ``ConnectionError`` where none can be sent."""
        if isinstance(exc, ConnectionError):
            raise exc
        if request.writer.output_size > 0:
            raise ConnectionResetError("part of another answer is already sent")
        word, sentence = _not_http(exc)
        response = answer(failure(NO_OPERATION, self._now(), word, sentence), STATUS_OF[word])
        response.force_close()
        return response

    def log_exception(self, *args: Any, **facts: Any) -> None:
        """Log what went wrong inside the server; a body that is not what its headers say is the client's."""
        if not isinstance(facts.get("exc_info"), web.RequestPayloadError):
            super().log_exception(*args, **facts)


def _not_http(error: BaseException | None) -> tuple[str, str]:
    if not isinstance(error, LineTooLong):
        return "bad_request", "expected a request in HTTP/1.1, found something else"
    if str(error.args[1]) == str(MAX_HEADER):
        return "headers_too_large", f"expected headers of at most {MAX_HEADER} bytes each, found a longer one"
    return (
        "uri_too_long",
        f"expected a path and a query of at most {MAX_REQUEST_LINE} bytes together, found longer ones",
    )
