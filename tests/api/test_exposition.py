"""``GET /metrics``: formats and encodings, by what the client says it takes."""

from __future__ import annotations

import pytest

from .conftest import Server

TEXT = ("text/plain; version=0.0.4; charset=utf-8", b"up 1\n")
OPENMETRICS = ("application/openmetrics-text; version=1.0.0; charset=utf-8", b"# EOF\n")


@pytest.mark.parametrize(
    ("accept", "answer"),
    [("*/*", TEXT), ("application/json", TEXT), ("application/openmetrics-text; version=1.0.0", OPENMETRICS)],
)
@pytest.mark.parametrize("encoding", ["identity", "gzip"])
async def test_format_and_encoding(server: Server, accept: str, answer: tuple[str, bytes], encoding: str) -> None:
    """Both are told to caches, and nobody guesses at the type."""
    headers = {"Accept": accept, "Accept-Encoding": encoding}
    async with server.client.get(server.url + "/metrics", headers=headers) as response:
        assert (response.status, response.headers["Content-Type"], await response.read()) == (200, *answer)
        assert response.headers.get("Content-Encoding", "identity") == encoding
        assert response.headers["Vary"] == "Accept, Accept-Encoding"
        assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_head_is_the_headers_alone(server: Server) -> None:
    """Those that GET would have."""
    async with server.client.head(server.url + "/metrics", headers={"Accept-Encoding": "identity"}) as response:
        assert (response.status, response.headers["Content-Type"], await response.read()) == (200, TEXT[0], b"")


async def test_what_a_scraper_adds_is_ignored(server: Server) -> None:
    """Parameters of a scrape's configuration are no mistake."""
    async with server.client.get(server.url + "/metrics?format=prometheus&format=x") as response:
        assert (response.status, await response.read()) == (200, TEXT[1])


async def test_several_accept_headers_are_one(server: Server) -> None:
    """As a list that was cut."""
    raw = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAccept: text/plain;q=0.5\r\n"
    answer = await server.raw(raw + b"Accept: application/openmetrics-text\r\n\r\n")
    assert b"# EOF" in answer


async def test_other_methods_are_refused(server: Server) -> None:
    """In the envelope that all failures have."""
    failed = await server.json("/metrics", 405, "POST")
    assert failed["error_type"] == "method_not_allowed"
