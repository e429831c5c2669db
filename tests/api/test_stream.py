"""``GET /stream``: the realtime answer as server-sent events."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from telemetryd.api.stream import Frames
from tests.openapi import judge

from .conftest import NOW, PREFIX, Server
from .guarding import OPERATOR, READER, bearer, guarded


async def events(response: aiohttp.ClientResponse, count: int) -> list[dict[str, str]]:
    """Return the next blocks of a stream, as their fields."""
    found = []
    for _ in range(count):
        block = await asyncio.wait_for(response.content.readuntil(b"\n\n"), 20)
        found.append(dict(line.split(": ", 1) for line in block.decode().strip().splitlines()))
    return found


async def test_it_tells_the_realtime_answer_again_and_again(server: Server) -> None:
    """First how soon to come again, then one event after another, each the whole answer."""
    async with server.client.get(f"{server.url}{PREFIX}/stream?interval=1&window=60") as response:
        assert (response.status, response.content_type) == (200, "text/event-stream")
        first, *following = await events(response, 3)
        assert first == {"retry": "2000"}
        for event in following:
            assert event["event"] == "realtime" and event["id"]
            told: dict[str, Any] = json.loads(event["data"])
            assert (told["success"], told["operation"]) == (True, "get_realtime_telemetry")
            assert (told["window"], told["timestamp"]) == (60, NOW)
            judge({"$ref": "#/components/schemas/Realtime"}).validate(told)


async def test_it_ends_when_the_daemon_does(server: Server) -> None:
    """At once, so that a stop never waits for those who watch."""
    async with server.client.get(f"{server.url}{PREFIX}/stream?interval=60") as response:
        await events(response, 2)
        server.services.closing.set()
        assert await asyncio.wait_for(response.content.read(), 20) == b""


async def test_it_ends_when_its_token_or_its_session_does(server: Server, tmp_path: Path) -> None:
    """Who may be told is asked again before each event; the others' streams go on."""
    settings, gate = guarded(tmp_path), server.services.gate
    gate.prepare(settings)()
    url = f"{server.url}{PREFIX}/stream?interval=1"
    async with server.client.post(f"{server.url}/-/session", headers=bearer(OPERATOR)) as begun:
        cookie = {"Cookie": begun.headers["Set-Cookie"].partition(";")[0]}
    async with server.client.get(url, headers=bearer(READER)) as by_token:
        await events(by_token, 2)
        async with server.client.get(url, headers=cookie) as by_session:
            await events(by_session, 2)
            async with server.client.delete(f"{server.url}/-/session", headers=cookie) as ended:
                assert ended.status == 200
            await asyncio.wait_for(by_session.content.read(), 20)
        await events(by_token, 1)
        Path(settings.http.tokens).write_text(f"admin operator {OPERATOR}")
        gate.prepare(settings)()
        await asyncio.wait_for(by_token.content.read(), 20)


async def test_clients_beyond_the_limit_are_told_to_come_again(server: Server) -> None:
    """And have a place as soon as one leaves."""
    url = f"{server.url}{PREFIX}/stream"
    async with server.client.get(url) as one, server.client.get(url) as two:
        await events(one, 1)
        await events(two, 1)
        found = await server.json("stream", 503)
        assert found["error_type"] == "busy" and "http.max_streams" in found["error"]
    async with asyncio.timeout(20):
        while True:
            async with server.client.get(url) as response:
                if response.status == 200:
                    break


@pytest.mark.parametrize("query", ["interval=0", "interval=61", "window=0", "interval=x", "since=3"])
async def test_a_mistake_is_named(server: Server, query: str) -> None:
    """Before anything is streamed."""
    found = await server.json(f"stream?{query}", 400)
    assert found["error"].startswith(query.partition("=")[0])


async def test_head_has_no_stream(server: Server) -> None:
    """It ends."""
    async with server.client.head(f"{server.url}{PREFIX}/stream") as response:
        assert (response.status, response.content_type) == (200, "text/event-stream")


async def test_what_many_ask_for_at_once_is_made_once(server: Server) -> None:
    """And there is no end of windows to be remembered."""
    frames = Frames(server.services)
    assert frames.at(60.0) is frames.at(60.0)
    assert frames.at(60.0) != frames.at(61.0)
    for window in range(1000):
        frames.at(float(window))
    assert len(vars(frames)["_made"]) == 16
