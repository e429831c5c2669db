"""One connection of the API: what of it is not HTTP, and how long it may keep the daemon waiting.

A client that begins a request and does not end its head, or an answer that it does not take, holds
memory and a place for as long as it likes. So both have a time, and the places are counted.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass
from ssl import SSLContext
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import LineTooLong

from telemetryd.instrumentation.access_events import ClientCut, ClientRefused
from telemetryd.instrumentation.events import InternalEvent

from .app import NO_OPERATION
from .envelope import answer, encode, failure
from .errors import STATUS_OF
from .greeting import Greeting
from .headers import SAFE, SERVER
from .send import STALLED

# The longest request line (a path with its query) and the longest header, in bytes; and how many headers.
MAX_REQUEST_LINE = 65_536
MAX_HEADER = 16_384
MAX_HEADERS = 100
# How long an idle connection stays, in seconds.
KEEPALIVE = 75.0


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many connections there may be; how long a greeting by TLS, the head of a request and each step of an answer may take, in s."""

    connections: int = 256
    greeting: float = 20.0
    head: float = 20.0
    stalled: float = STALLED


class Connections:
    """All connections of the API: makes them, and counts those that there are."""

    def __init__(
        self,
        bounds: Bounds,
        now: Callable[[], float],
        emit: Callable[[InternalEvent], None] = lambda event: None,
    ) -> None:
        self.bounds = bounds
        self.now = now
        self.emit = emit
        self.open = 0

    def connect(self, manager: web.Server, tls: SSLContext | None = None) -> asyncio.BaseProtocol:
        """Return the protocol of a new connection, by TLS or not; called by the event loop."""
        if tls is None:
            return _Connection(manager, self)
        inner = _Connection(manager, self, counts=False)
        return Greeting(inner, tls, self.bounds.greeting, self.enter, self.leave)

    def enter(self) -> bool:
        """Take a place, if there is one; :meth:`leave` gives it back."""
        if self.open >= self.bounds.connections:
            self.emit(ClientRefused(self.bounds.connections))
            return False
        self.open += 1
        return True

    def leave(self) -> None:
        """Give back a place."""
        self.open -= 1


class _Connection(web.RequestHandler):
    """One connection; what cannot be read as HTTP is answered with an envelope too. It takes a place if it ``counts``."""

    __slots__ = ("_all", "_counts", "_head", "_stalled")

    def __init__(self, manager: web.Server, connections: Connections, *, counts: bool = True) -> None:
        # aiohttp's types know nothing of a server that keeps no log.
        quiet: Any = {"access_log": None}
        super().__init__(
            manager,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=KEEPALIVE,
            max_line_size=MAX_REQUEST_LINE,
            max_field_size=MAX_HEADER,
            max_headers=MAX_HEADERS,
            auto_decompress=False,
            **quiet,
        )
        self._all = connections
        self._counts = counts
        self._head: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, or refuse where there are too many; called by the event loop."""
        assert isinstance(transport, asyncio.Transport)
        if self._counts and not self._all.enter():
            refusal = _Refusal(self._all)
            transport.set_protocol(refusal)
            refusal.connection_made(transport)
            return
        super().connection_made(transport)
        bound = transport.get_extra_info("socket")
        if bound is not None and bound.family in (socket.AF_INET, socket.AF_INET6):
            # What the kernel sends for us, as it does files, nobody else watches; where we do, we are first.
            bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(self._all.bounds.stalled * 2000))
        self._await_head()

    def connection_lost(self, exc: BaseException | None) -> None:
        """The connection is gone; called by the event loop."""
        if self._counts:
            self._all.leave()
        self._forget_head()
        self._forget_stall()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes; called by the event loop."""
        super().data_received(data)
        waiter = self._waiter
        if waiter is None or waiter.done():
            # A request is whole, or under way.
            self._forget_head()
        elif self._head is None:
            self._await_head()

    def pause_writing(self) -> None:
        """The client does not take its answer as fast as it is given; called by the event loop."""
        super().pause_writing()
        self._forget_stall()
        self._stalled = self._loop.call_later(self._all.bounds.stalled, self._give_up_answer)

    def resume_writing(self) -> None:
        """It takes it again; called by the event loop."""
        self._forget_stall()
        super().resume_writing()

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        """Return the answer to a request that did not reach the application, or raise ``ConnectionError`` where none can be sent."""
        if isinstance(exc, ConnectionError):
            raise exc
        if request.writer.output_size > 0:
            raise ConnectionResetError("part of another answer is already sent")
        word, sentence = _not_http(exc)
        headers = {**SAFE, "Server": SERVER}
        response = answer(failure(NO_OPERATION, self._all.now(), word, sentence), STATUS_OF[word], headers)
        response.force_close()
        return response

    def log_exception(self, *args: Any, **facts: Any) -> None:
        """Log what went wrong inside the server; a body that is not what its headers say is the client's."""
        if not isinstance(facts.get("exc_info"), web.RequestPayloadError):
            super().log_exception(*args, **facts)

    def _await_head(self) -> None:
        self._head = self._loop.call_later(self._all.bounds.head, self._give_up_head)

    def _forget_head(self) -> None:
        if self._head is not None:
            self._head.cancel()
            self._head = None

    def _forget_stall(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def _give_up_head(self) -> None:
        self._head = None
        if self.transport is None or self._waiter is None or self._waiter.done():
            return
        self._all.emit(ClientCut("its request did not come in time"))
        seconds = self._all.bounds.head
        sentence = (
            f"expected the head of a request within {seconds:g} s (http.header_timeout), found part of it or none"
        )
        self.transport.write(_plain(self._all.now(), "slow_request", sentence))
        self.force_close()

    def _give_up_answer(self) -> None:
        self._stalled = None
        if self.transport is not None:
            self._all.emit(ClientCut("it did not take its answer in time"))
            self.transport.abort()


class _Refusal(asyncio.Protocol):
    """Says that there are too many connections, and hangs up."""

    def __init__(self, connections: Connections) -> None:
        self._all = connections

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        limit = self._all.bounds.connections
        sentence = f"expected at most {limit} connections at once (http.max_connections), found one more"
        transport.write(_plain(self._all.now(), "busy", sentence))
        transport.close()


def _plain(now: float, word: str, sentence: str) -> bytes:
    """Return a whole answer, as it is sent to who has not asked a whole question."""
    body = encode(failure(NO_OPERATION, now, word, sentence))
    status = STATUS_OF[word]
    head = {
        **SAFE,
        "Server": SERVER,
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Connection": "close",
        **({"Retry-After": "1"} if word == "busy" else {}),
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    return f"HTTP/1.1 {status} {_REASONS[status]}\r\n{lines}\r\n".encode() + body


_REASONS = {408: "Request Timeout", 503: "Service Unavailable"}


def _not_http(error: BaseException | None) -> tuple[str, str]:
    if not isinstance(error, LineTooLong):
        return "bad_request", "expected a request in HTTP/1.1, found something else"
    if str(error.args[1]) == str(MAX_HEADER):
        return "headers_too_large", f"expected headers of at most {MAX_HEADER} bytes each, found a longer one"
    return (
        "uri_too_long",
        f"expected a path and a query of at most {MAX_REQUEST_LINE} bytes together, found longer ones",
    )
