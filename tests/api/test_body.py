"""The body of a POST."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from telemetryd.api.app import MAX_BODY
from telemetryd.api.body import changes_of
from telemetryd.api.errors import SlowBody
from telemetryd.api.server import serving

from .conftest import PREFIX, Server

JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize("headers", [JSON, FORM, {"Content-Type": "text/plain"}, {}])
async def test_json_is_json_whatever_it_is_called(server: Server, headers: dict[str, str]) -> None:
    """An object in braces is taken under any content type: ``curl -d`` calls it a form."""
    found = await server.json("config", method="POST", data=b' {"enabled": false}', headers=headers)
    assert found["config"]["enabled"] is False


async def test_a_form_is_taken(server: Server) -> None:
    """The fields of a form are true, false, whole numbers or text."""
    await server.json("config", method="POST", data=b"enabled=False&metrics_path=%7E%2Fx", headers=FORM)
    await server.json("config", method="POST", data=b"retention_days=12&enabled=", headers=FORM)
    assert server.settings.taken == [
        {"enabled": False, "metrics_path": "~/x"},
        {"retention_days": 12, "enabled": ""},
    ]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b'["enabled"]',
        b"null",
        b"3",
        b"3.5",
        b"true",
        b'"text"',
        b"{",
        b'{"enabled": NaN}',
        b'{"enabled": -Infinity}',
        b'{"enabled": true, "enabled": false}',
        b'{"enabled": ' + b"9" * 5000 + b"}",
        b'{"enabled": ' + b"[" * 20_000,
        b'{"enabled": "\xff"}',
        b"\x00\x01\x02",
    ],
)
async def test_what_is_no_object_is_a_400(server: Server, body: bytes) -> None:
    """Whatever the body is instead of an object, the answer says so and nothing changes."""
    found = await server.json("config", 400, method="POST", data=body, headers=JSON)
    assert found["error_type"] == "invalid_body"
    assert found["operation"] == "update_telemetry_config"
    assert server.settings.values["enabled"] is True


@pytest.mark.parametrize(
    "body", [b"", b"enabled", b"enabled=true&enabled=true", b"enabled=%ff", b"&".join([b"a=1"] * 200), b"\xff=1"]
)
async def test_what_is_no_form_is_a_400(server: Server, body: bytes) -> None:
    """A form without a value, with a repeated or invalid field, or of too many, is refused."""
    found = await server.json("config", 400, method="POST", data=body, headers=FORM)
    assert found["error_type"] == "invalid_body"


async def test_lone_surrogates_are_the_settings_to_refuse(server: Server) -> None:
    """Text that is no valid Unicode reaches the check of the setting, and its mistake can be sent."""
    found = await server.json("config", 400, method="POST", data=b'{"\\ud800": 1}', headers=JSON)
    assert found["error_type"] == "invalid_parameter"


async def test_a_long_body_is_a_413(server: Server) -> None:
    """A body beyond the limit is refused, with or without its length told ahead; one at the limit is read."""
    for data in (b"x" * (MAX_BODY + 1), _in_pieces(b"x" * (MAX_BODY + 1))):
        found = await server.json("config", 413, method="POST", data=data, headers=JSON)
        assert found["error_type"] == "body_too_large"
        assert str(MAX_BODY) in found["error"]
    data = b"x" * (MAX_BODY + 1)
    await server.json("config", 413, method="POST", data=data, headers=JSON, expect100=True)
    body = b'{"enabled": false}'.ljust(MAX_BODY)
    assert (await server.json("config", method="POST", data=body, headers=JSON))["config"]["enabled"] is False


async def test_a_packed_body_is_refused(server: Server) -> None:
    """A compressed body, which could hide any size, is not unpacked."""
    packed = {**JSON, "Content-Encoding": "gzip"}
    found = await server.json("config", 400, method="POST", data=gzip.compress(b'{"enabled": false}'), headers=packed)
    assert found["error_type"] == "invalid_body" and "gzip" in found["error"]


async def test_a_broken_body_is_a_400(server: Server) -> None:
    """A body in chunks that are none is the client's mistake, and costs no more than its connection."""
    head = (
        f"POST {PREFIX}/config HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    )
    answer = await server.raw(head.encode() + b"no chunk\r\n")
    assert b" 400 " in answer.partition(b"\r\n")[0]
    assert server.unexpected == []
    await server.json("/-/healthy")


async def test_a_body_that_never_ends_is_given_up() -> None:
    """Whoever sends part of a body and no more is not waited for."""
    given_up: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        with pytest.raises(SlowBody) as caught:
            await changes_of(request, patience=0)
        given_up.append(str(caught.value))
        return web.Response()

    app = web.Application()
    app.router.add_post("/", handler)
    async with serving(app, "127.0.0.1:0") as url:
        host, _, port = url.removeprefix("http://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"enabled":')
        assert await asyncio.wait_for(reader.readline(), 20) == b"HTTP/1.1 200 OK\r\n"
        writer.close()
    assert given_up == ["expected the whole body within 0 s, found part of it"]


async def _in_pieces(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), 1000):
        yield body[start : start + 1000]
