"""The listening socket, and answers to what is not HTTP."""

from __future__ import annotations

import asyncio
import json
import socket
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from telemetryd.api.connection import MAX_HEADER, MAX_REQUEST_LINE
from telemetryd.api.server import serving
from telemetryd.model.errors import InvalidParameter, SettingsError

from .conftest import PREFIX, Server


def empty() -> web.Application:
    return web.Application()


async def test_port_0_picks_one(server: Server) -> None:
    """The URL that is given back has the port that was picked."""
    assert not server.url.endswith(":0")
    await server.json("/-/healthy")


async def test_a_unix_socket_is_served_and_removed(short_path: Path) -> None:
    """An API on a Unix socket answers there, and the socket is gone afterwards."""
    path = short_path / "new" / "api.sock"
    async with serving(empty(), f"unix:{path}") as url:
        assert url == f"unix:{path}"
        async with (
            aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(path))) as client,
            client.get("http://any/") as response,
        ):
            assert response.status == 404
    assert not path.exists()


async def test_an_inherited_socket_is_served_and_stays(short_path: Path) -> None:
    """In place of the address of the settings; whoever connects after the end waits for the next to serve it."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
        for _ in range(2):
            async with serving(empty(), f"unix:{short_path}/unused", inherited=held.dup()) as url:
                assert url == f"http://127.0.0.1:{port}"
                async with aiohttp.ClientSession() as client, client.get(url) as response:
                    assert response.status == 404
            with socket.create_connection(("127.0.0.1", port)) as waiting:
                assert waiting.getpeername()[1] == port
    assert not list(short_path.iterdir())


async def test_a_socket_left_behind_is_taken_over(short_path: Path) -> None:
    """A socket that nobody listens on is replaced; one that is listened on, or a file, is not."""
    path = short_path / "api.sock"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    async with serving(empty(), f"unix:{path}"):
        with pytest.raises(SettingsError, match="another process listens on it"):
            async with serving(empty(), f"unix:{path}"):
                pass
        assert path.exists()
        async with (
            aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(path))) as client,
            client.get("http://any/") as response,
        ):
            assert response.status == 404
    file = short_path / "file"
    file.write_text("precious")
    with pytest.raises(SettingsError, match="no socket"):
        async with serving(empty(), f"unix:{file}"):
            pass
    assert file.read_text() == "precious"


async def test_of_two_for_one_socket_left_behind_one_serves(short_path: Path) -> None:
    """The other is refused in one sentence, however their steps interleave."""
    path = short_path / "api.sock"

    async def serve(ended: asyncio.Event) -> str:
        try:
            async with serving(empty(), f"unix:{path}"):
                await ended.wait()
        except SettingsError as error:
            return str(error)
        finally:
            # Whoever is refused first ends the one that serves.
            ended.set()
        return ""

    for _ in range(20):
        with socket.socket(socket.AF_UNIX) as left:
            left.bind(str(path))
        ended = asyncio.Event()
        said = await asyncio.gather(serve(ended), serve(ended))
        assert sorted(said)[0] == ""
        assert "another process listens on it" in sorted(said)[1]
    assert list(short_path.iterdir()) == []


async def test_an_address_in_use_is_one_sentence(server: Server) -> None:
    """A port that another process has is a mistake in http.listen."""
    address = server.url.removeprefix("http://")
    with pytest.raises(SettingsError, match=rf"^http\.listen: .*{address}.*already in use"):
        async with serving(empty(), address):
            pass
    with pytest.raises(InvalidParameter):
        async with serving(empty(), "nowhere"):
            pass


async def test_long_queries_are_read_up_to_a_limit(server: Server) -> None:
    """A query of many kilobytes is a mistake of its own; beyond the limit it is a 414 in the same form."""
    found = await server.json("metrics?backend=" + "x" * 50_000, 400)
    assert found["error"].startswith("backend: ") and len(found["error"]) <= 500
    found = await server.json("metrics?" + "&".join(f"p{number}=1" for number in range(5000)), 400)
    assert found["error"].startswith("p0: expected a known parameter")
    found = await server.json("metrics?backend=" + "x" * MAX_REQUEST_LINE, 414)
    assert (found["operation"], found["error_type"]) == ("unknown", "uri_too_long")


async def test_long_headers_are_refused(server: Server) -> None:
    """A header beyond the limit is a 431 in the same form."""
    found = await server.json("metrics", 431, headers={"X-Long": "x" * (MAX_HEADER + 1)})
    assert found["error_type"] == "headers_too_large"


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"nonsense\r\n\r\n",
        b"\x16\x03\x01\x00\xa5\x01\x00\x00",
        b"GET / HTTP/9.9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\n\r\n",
    ],
)
async def test_what_is_not_http_is_answered_in_form(server: Server, request_bytes: bytes) -> None:
    """Bytes that are no request get a 400 with an envelope, and the connection closes."""
    head, _, body = (await server.raw(request_bytes)).partition(b"\r\n\r\n")
    assert head.startswith((b"HTTP/1.1 400", b"HTTP/1.0 400"))
    found = json.loads(body)
    assert (found["success"], found["operation"], found["error_type"]) == (False, "unknown", "bad_request")
    assert server.unexpected == []
    await server.json("/-/healthy")


async def test_a_client_that_goes_away_takes_its_query_with_it(server: Server) -> None:
    """When the connection closes, the query behind it is cancelled."""
    server.query.waits = True
    host, _, port = server.url.removeprefix("http://").partition(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"GET {PREFIX}/metrics HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    await asyncio.wait_for(server.query.waiting.wait(), 20)
    writer.close()
    await asyncio.wait_for(server.query.cancelled.wait(), 20)
    assert server.unexpected == []
