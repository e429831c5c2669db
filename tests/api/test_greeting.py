"""Connections by TLS, which take a place before they have greeted."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager

import pytest
import trustme
from aiohttp import web

from telemetryd.api.connection import Bounds, Connections
from telemetryd.api.server import serving
from telemetryd.instrumentation.access_events import ClientRefused
from telemetryd.instrumentation.events import InternalEvent

LONG = 60.0
PATIENCE = 30.0
ASK = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


class Serving:
    """A server that speaks TLS, what it said of itself, and ways to speak to it."""

    def __init__(self, port: int, authority: trustme.CA, connections: Connections, told: list[InternalEvent]) -> None:
        self.address = ("127.0.0.1", port)
        self.connections = connections
        self.told = told
        self._trusting = ssl.create_default_context()
        authority.configure_trust(self._trusting)

    def silent(self) -> socket.socket:
        """Connect without a greeting."""
        return socket.create_connection(self.address, PATIENCE)

    async def answered(self) -> asyncio.StreamWriter:
        """Connect, greet, ask and get an answer."""
        reader, writer = await asyncio.open_connection(*self.address, ssl=self._trusting, server_hostname="localhost")
        writer.write(ASK)
        assert b"200 OK" in await asyncio.wait_for(reader.readuntil(b"here"), PATIENCE)
        return writer


@asynccontextmanager
async def bounded(bounds: Bounds) -> AsyncIterator[Serving]:
    """Serve a word to everyone who greets by TLS, within bounds."""

    async def handler(request: web.Request) -> web.StreamResponse:
        return web.Response(text="here")

    app = web.Application()
    app.router.add_get("/", handler)
    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(tls)
    told: list[InternalEvent] = []
    connections = Connections(bounds, lambda: 1.5, told.append)
    async with serving(app, "127.0.0.1:0", connections=connections, tls=tls) as url:
        yield Serving(int(url.rpartition(":")[2]), authority, connections, told)


async def until(met: Callable[[], bool]) -> None:
    """Wait until something is so, of which nothing tells a test."""
    async with asyncio.timeout(PATIENCE):
        while not met():  # noqa: ASYNC110 - nothing tells a test of it
            await asyncio.sleep(0.01)


async def test_who_has_not_greeted_takes_a_place() -> None:
    """One too many is hung up on before it costs a greeting; as soon as a place is free there is one for somebody else."""
    async with bounded(Bounds(connections=2, greeting=LONG)) as server:
        with ExitStack() as stack:
            for _ in range(2):
                stack.enter_context(server.silent())
            await until(lambda: server.connections.open == 2)
            with pytest.raises((OSError, EOFError)):
                await server.answered()
            assert server.told == [ClientRefused(2)]
        await until(lambda: not server.connections.open)
        writer = await server.answered()
        assert server.connections.open == 1
        writer.close()
        await until(lambda: not server.connections.open)


async def test_many_that_come_at_once_are_no_more() -> None:
    """Though the event loop takes them all in one turn; those that are refused hold nothing."""
    async with bounded(Bounds(connections=2, greeting=LONG)) as server:
        with ExitStack() as stack:
            clients = [stack.enter_context(server.silent()) for _ in range(50)]
            await until(lambda: len(server.told) == 48)
            assert server.connections.open == 2
            for client in clients:
                client.setblocking(False)
            gone: set[socket.socket] = set()

            def count() -> bool:
                gone.update(client for client in clients if client not in gone and _is_over(client))
                return len(gone) == 48

            await until(count)
        await until(lambda: not server.connections.open)


async def test_a_greeting_has_its_time() -> None:
    """Then its place is somebody else's."""
    async with bounded(Bounds(connections=1, greeting=0.3)) as server:
        with server.silent() as client:
            assert await asyncio.to_thread(client.recv, 1) == b""
        await until(lambda: not server.connections.open)
        # That time was short for who says nothing, and is long for who greets.
        server.connections.bounds = Bounds(connections=1, greeting=LONG)
        (await server.answered()).close()


async def test_a_greeting_that_fails_gives_its_place_back() -> None:
    """At once, though nothing of HTTP has heard of it."""
    async with bounded(Bounds(connections=1, greeting=LONG)) as server:
        for _ in range(3):
            with server.silent() as client:
                client.sendall(ASK)
                await asyncio.to_thread(_drained, client)
            await until(lambda: not server.connections.open)
        (await server.answered()).close()
        assert server.told == []


def _is_over(client: socket.socket) -> bool:
    try:
        return client.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


def _drained(client: socket.socket) -> None:
    """Read until the server hangs up, in whatever way it does."""
    try:
        while client.recv(4096):
            pass
    except ConnectionError:
        pass
