"""The dashboard's files as they are sent."""

from __future__ import annotations

import gzip

import pytest

from telemetryd.api.openapi import DOCUMENT
from telemetryd.api.pages import INDEX, assets

from .conftest import Server


async def test_the_dashboard_is_at_the_root(server: Server) -> None:
    """With whatever view the address names, which is the page's own business."""
    async with server.client.get(f"{server.url}/?range=1h&anything=else") as response:
        assert (response.status, response.content_type, response.charset) == (200, "text/html", "utf-8")
        assert await response.read() == assets()[INDEX].body


@pytest.mark.parametrize("name", sorted(assets()))
async def test_every_file_is_sent_with_its_guards(server: Server, name: str) -> None:
    """No script but ours, nothing from elsewhere, taken for what it is called."""
    async with server.client.get(f"{server.url}/static/{name}") as response:
        assert response.status == 200
        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "script-src 'self';" in policy
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.content_type == assets()[name].content_type
        assert await response.read() == assets()[name].body
    url, tag = f"{server.url}/static/{name}", f'"{assets()[name].tag}"'
    async with server.client.get(url, headers={"If-None-Match": tag}) as response:
        assert (response.status, await response.read()) == (304, b"")


async def test_a_client_that_takes_no_gzip_gets_the_file_as_it_is(server: Server) -> None:
    """And one that does, less of it."""
    name = "plotly-cartesian.min.js"
    head = f"GET /static/{name} HTTP/1.0\r\nHost: localhost\r\n"
    plain = await server.raw(f"{head}\r\n".encode())
    packed = await server.raw(f"{head}Accept-Encoding: gzip\r\n\r\n".encode())
    assert plain.partition(b"\r\n\r\n")[2] == assets()[name].body
    assert gzip.decompress(packed.partition(b"\r\n\r\n")[2]) == assets()[name].body
    assert len(packed) < len(plain) / 2


async def test_only_files_of_the_list_are_sent(server: Server) -> None:
    """No path is made of what a client says."""
    for name in ("README.md", "index.htm", "__init__.py", "..%2f__init__.py", "..%2f..%2fpy.typed", "a%00b"):
        found = await server.json(f"/static/{name}", 404)
        assert found["error_type"] == "not_found"


async def test_no_page_knows_another_host(server: Server) -> None:
    """What is ours names no address beyond this server; in examples of answers, it names itself."""
    for name, asset in assets().items():
        if not name.startswith("plotly") and name != DOCUMENT:
            text = asset.body.decode().replace("http://www.w3.org/2000/svg", "")
            assert (
                "http:" not in text
                and "https:" not in text
                and "//" not in text.replace("// ", "").replace("//\n", "").replace("*//", "")
            ), name
