"""One connection, and how long it may keep the daemon waiting."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.http import HttpRequestParser
from aiohttp.http_parser import HttpRequestParserPy
from aiohttp.typedefs import Handler

from telemetryd.api.connection import MAX_HEADER, MAX_HEADERS, MAX_REQUEST_LINE, Bounds, Connections
from telemetryd.api.server import serving
from telemetryd.instrumentation.access_events import ClientCut, ClientRefused
from telemetryd.instrumentation.events import InternalEvent

LONG = 60.0
PATIENCE = 30.0
ASK = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


class Serving:
    """A server with bounds, what it said of itself, and ways to speak to it."""

    def __init__(self, url: str, connections: Connections, told: list[InternalEvent]) -> None:
        self.url = url
        self.connections = connections
        self.told = told

    @property
    def address(self) -> tuple[str, int]:
        host, _, port = self.url.removeprefix("http://").partition(":")
        return host, int(port)

    async def connect(self, *first: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect and send something."""
        reader, writer = await asyncio.open_connection(*self.address)
        writer.writelines(first)
        return reader, writer

    def sent(self, first: bytes) -> socket.socket:
        """Return a connection by which something has come before the server hears of either."""
        client = socket.create_connection(self.address, PATIENCE)
        client.sendall(first)
        client.setblocking(False)
        return client


@asynccontextmanager
async def bounded(
    bounds: Bounds, body: bytes = b"here", listen: str = "127.0.0.1:0", handler: Handler | None = None
) -> AsyncIterator[Serving]:
    """Serve ``body`` to everyone, or what a handler makes, within bounds."""

    async def tell(request: web.Request) -> web.StreamResponse:
        return web.Response(body=body)

    app = web.Application()
    app.router.add_get("/", handler or tell)
    told: list[InternalEvent] = []
    connections = Connections(bounds, lambda: 1.5, told.append)
    async with serving(app, listen, connections=connections) as url:
        yield Serving(url, connections, told)


async def rest(reader: asyncio.StreamReader) -> bytes:
    """Return what comes until the server hangs up."""
    return await asyncio.wait_for(reader.read(), PATIENCE)


async def all_of(client: socket.socket) -> bytes:
    """Return what comes until the server hangs up, in whatever way: it resets a connection of which it has not read all."""
    found = b""
    with suppress(ConnectionError):
        while piece := await asyncio.wait_for(asyncio.get_running_loop().sock_recv(client, 65_536), PATIENCE):
            found += piece
    return found


async def test_a_head_that_never_ends_is_given_up() -> None:
    """Also one of which something comes now and then; the answer says how long it may take."""
    async with bounded(Bounds(head=0.3)) as server:
        loop = asyncio.get_running_loop()
        client = server.sent(b"GET / HTTP/1.1\r\nHost: localhost\r\n")

        async def drip() -> None:
            with suppress(ConnectionError):
                while True:
                    await loop.sock_sendall(client, b"X-More: yes\r\n")
                    await asyncio.sleep(0.02)

        dripping = asyncio.create_task(drip())
        head, _, body = (await all_of(client)).partition(b"\r\n\r\n")
        dripping.cancel()
        assert head.startswith(b"HTTP/1.1 408 ") and json.loads(body)["error_type"] == "slow_request"
        assert server.told == [ClientCut("its request did not come in time")]
        client.close()


async def test_who_says_nothing_is_given_up() -> None:
    """Its place is somebody else's."""
    async with bounded(Bounds(head=0.2)) as server:
        reader, _ = await server.connect()
        assert b" 408 " in await rest(reader)


async def test_a_second_request_has_its_own_time() -> None:
    """A connection that was idle in between is no slow one; half a request on it is."""
    async with bounded(Bounds(head=0.4)) as server:
        reader, writer = await asyncio.open_connection(sock=server.sent(ASK))
        assert b"200 OK" in await asyncio.wait_for(reader.readuntil(b"here"), PATIENCE)
        # Until longer has passed than a head may take.
        silent, _ = await server.connect()
        assert b" 408 " in await rest(silent)
        writer.write(ASK[:10])
        await asyncio.sleep(0)
        writer.write(ASK[10:])
        assert b"200 OK" in await asyncio.wait_for(reader.readuntil(b"here"), PATIENCE)
        writer.write(ASK[:10])
        assert b" 408 " in await rest(reader)


async def test_who_does_not_take_its_answer_is_cut(short_path: Path) -> None:
    """What it would have got is let go of."""
    # By a Unix socket, where no kernel that lost patience while the answer was copied can be first.
    listen = f"unix:{short_path / 's'}"
    async with bounded(Bounds(head=LONG, stalled=0.3), body=b"x" * (8 << 20), listen=listen) as server:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(short_path / "s"))
            client.sendall(ASK)
            async with asyncio.timeout(PATIENCE):
                while not server.told:  # noqa: ASYNC110 - nothing tells a test of it
                    await asyncio.sleep(0.01)
            assert server.told == [ClientCut("it did not take its answer in time")]
            async with asyncio.timeout(PATIENCE):
                while server.connections.open:  # noqa: ASYNC110 - nothing tells a test of it
                    await asyncio.sleep(0.01)


async def test_the_kernel_has_more_patience() -> None:
    """With a connection of TCP: it cuts only what nobody watches, such as a file that it sends by itself."""
    waits: list[int] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        bound = request.transport.get_extra_info("socket")
        waits.append(bound.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT))
        return web.Response(body=b"here")

    async with bounded(Bounds(stalled=7.0), handler=handler) as server:
        reader, _ = await server.connect(ASK)
        await asyncio.wait_for(reader.readuntil(b"here"), PATIENCE)
    assert waits == [14_000]


async def test_who_takes_its_answer_slowly_is_not() -> None:
    """As long as something of it goes."""
    async with bounded(Bounds(head=LONG, stalled=20), body=b"x" * (8 << 20)) as server:
        reader, _ = await server.connect(ASK.replace(b"1.1", b"1.0"))
        size = 0
        while piece := await asyncio.wait_for(reader.read(1 << 20), PATIENCE):
            size += len(piece)
            await asyncio.sleep(0)
        assert size > 8 << 20
        assert server.told == []


async def test_one_connection_too_many_is_told_to_come_again() -> None:
    """And is let in as soon as another one is gone."""
    async with bounded(Bounds(connections=2, head=LONG)) as server:
        kept = [await server.connect(ASK) for _ in range(2)]
        for reader, _ in kept:
            await asyncio.wait_for(reader.readuntil(b"here"), PATIENCE)
        assert server.connections.open == 2
        reader, _ = await server.connect()
        head, _, body = (await rest(reader)).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 503 ") and b"Retry-After: 1" in head
        assert json.loads(body)["error_type"] == "busy" and json.loads(body)["timestamp"] == 1.5
        assert server.told == [ClientRefused(2)]
        kept[0][1].close()
        async with asyncio.timeout(PATIENCE):
            while server.connections.open == 2:  # noqa: ASYNC110 - nothing tells a test of it
                await asyncio.sleep(0.01)
        reader, _ = await server.connect(ASK)
        assert b"200 OK" in await asyncio.wait_for(reader.readuntil(b"here"), PATIENCE)


async def test_many_that_come_at_once_are_no_more() -> None:
    """Though the event loop takes them all in one turn."""
    async with bounded(Bounds(connections=2, head=LONG)) as server:
        clients = [socket.create_connection(server.address) for _ in range(8)]
        async with asyncio.timeout(PATIENCE):
            while len(server.told) < 6:  # noqa: ASYNC110 - nothing tells a test of it
                await asyncio.sleep(0.01)
        assert server.connections.open == 2
        for client in clients:
            client.close()
        async with asyncio.timeout(PATIENCE):
            while server.connections.open:  # noqa: ASYNC110 - nothing tells a test of it
                await asyncio.sleep(0.01)


async def test_there_may_be_so_many_headers() -> None:
    """More are no request."""
    for number, status in ((MAX_HEADERS - 2, b" 200 "), (MAX_HEADERS + 10, b" 400 ")):
        async with bounded(Bounds()) as server:
            headers = b"".join(b"X-%d: y\r\n" % each for each in range(number))
            reader, _ = await server.connect(ASK[:-2].replace(b"1.1", b"1.0") + headers + b"\r\n")
            assert status in (await rest(reader)).partition(b"\r\n")[0]


@pytest.mark.parametrize("parser", [HttpRequestParser, HttpRequestParserPy], ids=["compiled", "in Python"])
@pytest.mark.parametrize(
    ("request_line", "header", "status", "word"),
    [
        (MAX_REQUEST_LINE - 100, MAX_HEADER - 100, 404, None),
        # What comes after it would be left unread, and the answer be lost by that.
        (MAX_REQUEST_LINE + 1, None, 414, "uri_too_long"),
        (10, MAX_HEADER + 1, 431, "headers_too_large"),
    ],
    ids=["neither", "path", "header"],
)
async def test_what_is_too_long_is_said(
    monkeypatch: pytest.MonkeyPatch,
    parser: type,
    request_line: int,
    header: int | None,
    status: int,
    word: str | None,
) -> None:
    """The path or a header, each by a status of its own, whichever of its two parsers aiohttp has."""
    monkeypatch.setattr("aiohttp.web_protocol.HttpRequestParser", parser)
    head = b"GET /" + b"x" * request_line
    if header is not None:
        head += b" HTTP/1.0\r\nHost: localhost\r\nX-Long: " + b"y" * header + b"\r\n\r\n"
    async with bounded(Bounds()) as server:
        reader, _ = await server.connect(head)
        answer, _, body = (await rest(reader)).partition(b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.0 %d " % status)
        assert word is None or json.loads(body)["error_type"] == word
