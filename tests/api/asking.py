"""A server on the loopback that answers with what a check says of a request, and one who asks it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import web

from telemetryd.api.envelope import answer
from telemetryd.api.errors import failure_of
from telemetryd.api.server import serving
from telemetryd.model.errors import TelemetrydError

Check = Callable[[web.Request], Any]


class Asker:
    """Asks a server; an answer is its status and what the check returned, or the word of its refusal."""

    def __init__(self, url: str, client: aiohttp.ClientSession) -> None:
        self.url = url
        self.client = client

    async def __call__(self, method: str = "GET", **headers: str) -> tuple[int, Any]:
        """Ask with these headers, whose names have _ for -."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.client.request(method, self.url + "/", headers=named) as response:
            return response.status, (await response.json())["said"]


@asynccontextmanager
async def asking(check: Check, listen: str = "127.0.0.1:0") -> AsyncIterator[Asker]:
    """Serve ``check`` while the context lasts; a whole answer that it returns is sent as it is."""

    async def handler(request: web.Request) -> web.StreamResponse:
        try:
            said = check(request)
            return said if isinstance(said, web.StreamResponse) else answer({"said": said})
        except TelemetrydError as error:
            failed = failure_of(error, request.method, request.path)
            return answer({"said": failed.error_type}, failed.status, failed.headers)

    app = web.Application()
    app.router.add_route("*", "/", handler)
    async with serving(app, listen) as url:
        connector = aiohttp.UnixConnector(url.removeprefix("unix:")) if url.startswith("unix:") else None
        async with aiohttp.ClientSession(connector=connector) as client:
            yield Asker("http://localhost" if connector else url, client)
