"""Answers too large to be made in one go."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from telemetryd.api.send import STALLED, send
from telemetryd.api.server import serving


@asynccontextmanager
async def sending(
    pieces: Iterator[bytes], ended: asyncio.Event | None = None, patience: float = STALLED
) -> AsyncIterator[str]:
    async def handler(request: web.Request) -> web.StreamResponse:
        try:
            return await send(request, web.StreamResponse(headers={"Content-Type": "text/plain"}), pieces, patience)
        finally:
            if ended is not None:
                ended.set()

    app = web.Application()
    app.router.add_get("/", handler)
    async with serving(app, "127.0.0.1:0") as url:
        yield url


async def test_pieces_arrive_in_order() -> None:
    """The client gets the pieces as one body, whatever their number and size."""
    pieces = [b"%d," % number * 5000 for number in range(50)]
    async with sending(iter(pieces)) as url, aiohttp.ClientSession() as client, client.get(url) as response:
        assert response.content_type == "text/plain"
        assert await response.read() == b"".join(pieces)


async def test_head_has_no_body_and_makes_none() -> None:
    """HEAD is answered without making a piece."""
    pieces = iter([b"x"])
    async with sending(pieces) as url, aiohttp.ClientSession() as client, client.head(url) as response:
        assert (response.status, response.content_type, await response.read()) == (200, "text/plain", b"")
    assert next(pieces) == b"x"


async def test_an_answer_that_breaks_off_looks_broken_off() -> None:
    """Where a piece cannot be made the connection closes before the end, so that no client takes the part for the whole."""

    def pieces() -> Iterator[bytes]:
        yield b"x" * 1000
        raise KeyError("secret")

    async with sending(pieces()) as url, aiohttp.ClientSession() as client, client.get(url) as response:
        with pytest.raises(aiohttp.ClientError):
            await response.read()


async def test_a_client_that_goes_away_stops_the_pieces() -> None:
    """When the connection breaks no more pieces are made, and the handler ends."""
    made = 0

    def pieces() -> Iterator[bytes]:
        nonlocal made
        while True:
            made += 1
            yield b"x" * 100_000

    ended = asyncio.Event()
    async with sending(pieces(), ended) as url:
        host, _, port = url.removeprefix("http://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await reader.readexactly(1000)
        assert not ended.is_set()
        writer.transport.abort()
        await asyncio.wait_for(ended.wait(), 20)
        assert made < 10_000


async def test_a_client_that_takes_nothing_is_cut_off() -> None:
    """A client that stays and does not read loses its connection, and with it the result that it holds up."""

    def pieces() -> Iterator[bytes]:
        while True:
            yield b"x" * 100_000

    ended = asyncio.Event()
    async with sending(pieces(), ended, patience=0) as url:
        host, _, port = url.removeprefix("http://").partition(":")
        _, writer = await asyncio.open_connection(host, int(port), limit=1000)
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await asyncio.wait_for(ended.wait(), 20)
        writer.transport.abort()
