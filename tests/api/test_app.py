"""Routes, and what becomes of everything that is none."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from telemetryd.api import exposition
from telemetryd.api.app import PREFIX, ROUTES, Route, application
from telemetryd.api.openapi import DOCS_OPERATION
from telemetryd.api.pages import INDEX_OPERATION
from telemetryd.api.server import serving
from telemetryd.model.errors import Busy

from .conftest import Server
from .guarding import OPERATOR, READER, bearer, guarded


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
async def test_every_route_says_its_name(server: Server, route: Route) -> None:
    """Each route answers a mistake, and where it answers in JSON all else, with its own operation's name."""
    body: dict[str, Any] = {"json": {}} if route.method == "POST" else {}
    path = re.sub(r"\{\w+:[^{}]*\}", "a", route.path)
    if route.operation in (INDEX_OPERATION, DOCS_OPERATION, exposition.OPERATION):
        return  # these take any parameters, and are no JSON
    wrong = "?nonsense=1" if route.operation not in ("health", "ready") else ""
    async with server.client.request(route.method, server.url + path + wrong, **body) as response:
        found = await response.json()
        assert (found["operation"], response.status) == (route.operation, 400 if wrong else 200)


@pytest.mark.parametrize(
    "path",
    [
        "/index.html",
        "/static/",
        "/static/a/b",
        "/metrics/",
        "/metric",
        PREFIX,
        f"{PREFIX}/",
        f"{PREFIX}/metric",
        f"{PREFIX}/metrics/",
        "/../etc/passwd",
        "/%ff",
        f"{PREFIX}/operations/",
        "//x",
    ],
)
async def test_other_paths_are_an_enveloped_404(server: Server, path: str) -> None:
    """A path that is no route is answered in the form of every answer."""
    found = await server.json(path, 404)
    assert (found["operation"], found["error_type"]) == ("unknown", "not_found")
    assert found["error"].startswith("expected the path of a route, found '/")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "metrics", "GET, HEAD"),
        ("DELETE", "config", "GET, HEAD, POST"),
        ("PUT", "realtime", "GET, HEAD"),
        ("OPTIONS", "config", "GET, HEAD, POST"),
    ],
)
async def test_other_methods_are_an_enveloped_405(server: Server, method: str, path: str, allowed: str) -> None:
    """A method that a path does not take is answered with those it does."""
    async with server.client.request(method, f"{server.url}{PREFIX}/{path}") as response:
        assert response.status == 405
        assert response.headers["Allow"] == allowed
        found = await response.json()
    assert found["error_type"] == "method_not_allowed"
    assert found["error"] == f"expected the method {allowed}, found {method}"


@pytest.mark.parametrize(
    "path", ["metrics", "realtime", "config", "operations", "operations/a", "/-/healthy", "/-/ready"]
)
async def test_head_is_get_without_a_body(server: Server, path: str) -> None:
    """HEAD gives the status and the headers of GET."""
    url = server.url + (path if path.startswith("/") else f"{PREFIX}/{path}")
    async with server.client.get(url) as got, server.client.head(url) as head:
        assert (head.status, head.content_type) == (got.status, got.content_type)
        assert await head.read() == b""


async def test_head_of_a_mistake(server: Server) -> None:
    """HEAD of a wrong request has the status of the mistake."""
    async with server.client.head(f"{server.url}{PREFIX}/metrics?interval=x") as response:
        assert response.status == 400


@pytest.mark.parametrize("expectation", ["100-continue", "100-Continue", "200-ok", "foo"])
async def test_what_a_client_expects_besides_changes_no_answer(server: Server, expectation: str) -> None:
    """It is told to go on where it waits for that; the rest is answered as ever, by whoever would answer it."""
    asked = f"GET {PREFIX}/config HTTP/1.1\r\nHost: localhost\r\nExpect: {expectation}\r\nConnection: close\r\n\r\n"
    told = await server.raw(asked.encode())
    goes_on = told.startswith(b"HTTP/1.1 100 Continue\r\n\r\n")
    assert goes_on == (expectation.lower() == "100-continue")
    assert told.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n").startswith(b"HTTP/1.1 200 OK\r\n")


async def test_our_own_mistakes_show_nothing_of_the_inside(server: Server) -> None:
    """An error that nobody expected is a 500 without a trace, told to the log with its operation."""
    server.query.fails = KeyError("secret")
    found = await server.json("metrics", 500)
    assert found["operation"] == "get_telemetry"
    assert found["error_type"] == "internal_error"
    assert "secret" not in str(found) and "KeyError" not in str(found)
    assert server.unexpected == [("get_telemetry", server.query.fails)]


async def test_a_users_mistake_is_not_told_to_the_log(server: Server) -> None:
    """What a user did wrong is answered and no fault of the daemon."""
    await server.json("metrics?interval=x", 400)
    await server.json("/nowhere", 404)
    assert server.unexpected == []


async def test_a_handler_beyond_the_table_needs_an_administrator(server: Server, tmp_path: Path) -> None:
    """What nobody has said to be open is not; where nothing is, a stranger is told so."""

    async def tell(request: web.Request) -> web.StreamResponse:
        return web.Response(text="a secret")

    app = application(server.services)
    app.router.add_get("/forgotten", tell)
    server.services.gate.prepare(guarded(tmp_path))()
    async with serving(app, "127.0.0.1:0", server.services.now) as url:
        for path, headers, status in (
            ("/forgotten", {}, 401),
            ("/forgotten", bearer(READER), 403),
            ("/forgotten", bearer(OPERATOR), 200),
            ("/nowhere", {}, 404),
        ):
            async with aiohttp.ClientSession() as client, client.get(url + path, headers=headers) as response:
                assert response.status == status
        async with aiohttp.ClientSession() as client, client.post(f"{url}{PREFIX}/metrics") as response:
            assert response.status == 405


async def test_busy_asks_for_patience(server: Server) -> None:
    """A daemon with too much to do says so, and when to come again."""
    server.query.fails = Busy("expected at most 16 queries waiting, found more")
    async with server.client.get(f"{server.url}{PREFIX}/metrics") as response:
        assert (response.status, response.headers["Retry-After"]) == (503, "1")
        assert (await response.json())["error_type"] == "busy"
