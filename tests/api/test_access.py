"""Who asks, and whether they may."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from telemetryd.api.access import ANYONE, NOTHING, STRANGER, Access, Caller
from telemetryd.api.sessions import LIFETIME
from telemetryd.api.tokens import ADMIN, READ
from telemetryd.model.errors import SettingsError
from telemetryd.model.settings import Settings

from .asking import Asker, asking
from .guarding import OPERATOR, READER, bearer, guarded

NOW = 1_700_000_000.0
UNAUTHORIZED = (401, "unauthorized")


@pytest.fixture
def access(tmp_path: Path) -> Access:
    """Tokens of a reader and an operator."""
    made = Access()
    made.prepare(guarded(tmp_path))()
    return made


def admitting(access: Access, needs: str, now: float = NOW) -> Any:
    """Return a check that says who was admitted."""

    def check(request: web.Request) -> list[str]:
        caller = access.admit(request, needs, now)
        return [caller.name, caller.role]

    return check


async def test_without_tokens_everyone_may_do_everything() -> None:
    """Whatever they show."""
    async with asking(admitting(Access(), ADMIN)) as ask:
        assert await ask() == (200, [ANYONE.name, ADMIN])
        assert await ask(Authorization="Basic x") == (200, ["", ADMIN])


async def test_a_token_opens_what_its_role_may(access: Access) -> None:
    """Reading needs any; the rest an administrator's."""
    async with asking(admitting(access, READ)) as ask:
        assert await ask(**bearer(READER)) == (200, ["reader", READ])
        assert await ask(**bearer(OPERATOR)) == (200, ["operator", ADMIN])
        assert await ask(Authorization=f"bearer  {READER} ") == (200, ["reader", READ])
    async with asking(admitting(access, ADMIN)) as ask:
        assert await ask(**bearer(READER)) == (403, "forbidden")
        assert await ask(**bearer(OPERATOR)) == (200, ["operator", ADMIN])


@pytest.mark.parametrize(
    "shown", ["", "Bearer", "Bearer ", f"Basic {READER}", READER, f"Bearer {READER}x", "Bearer " + "x" * 5000]
)
async def test_anything_else_opens_nothing(access: Access, shown: str) -> None:
    """And the answer says what is wanted, in the way of RFC 6750."""
    async with asking(admitting(access, READ)) as ask:
        assert await ask(Authorization=shown) == UNAUTHORIZED
        async with ask.client.get(ask.url, headers={"Authorization": shown}) as response:
            assert response.headers["WWW-Authenticate"] == 'Bearer realm="telemetryd", error="invalid_token"'
        async with ask.client.get(ask.url) as response:
            assert response.status == 401
            assert response.headers["WWW-Authenticate"] == 'Bearer realm="telemetryd"'
    async with asking(admitting(access, ADMIN)) as ask, ask.client.get(ask.url, headers=bearer(READER)) as response:
        assert 'error="insufficient_scope", scope="admin"' in response.headers["WWW-Authenticate"]


async def test_what_holds_no_data_is_open_to_strangers(access: Access) -> None:
    """Also to one whose token is out of date: a page must be able to say so."""
    async with asking(admitting(access, NOTHING)) as ask:
        assert await ask() == (200, [STRANGER.name, STRANGER.role])
        assert await ask(**bearer("a-token-of-last-year")) == (200, ["", NOTHING])
        assert await ask(**bearer(READER)) == (200, ["reader", READ])
    assert STRANGER.may(NOTHING) and not STRANGER.may(READ) and not STRANGER.may(ADMIN)
    assert Caller("reader", READ).may(READ) and not Caller("reader", READ).may(ADMIN)
    assert Caller("operator", ADMIN).may(READ) and Caller("operator", ADMIN).may(ADMIN)


async def test_a_session_stands_for_its_token(access: Access) -> None:
    """Begun with it, sent as a cookie that no script reads, over when it is ended."""
    async with _sessions(access) as ask:
        assert await ask("GET") == UNAUTHORIZED
        assert await ask("POST") == UNAUTHORIZED
        async with ask.client.post(ask.url, headers=bearer(READER)) as response:
            cookie = response.headers["Set-Cookie"]
        port = ask.url.rpartition(":")[2]
        assert cookie.startswith(f"telemetryd_{port}=") and f"Max-Age={LIFETIME}" in cookie
        assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and "Secure" not in cookie
        assert READER not in cookie
        assert await ask("GET", Cookie=cookie.partition(";")[0]) == (200, "reader")
        assert await ask("GET", Cookie=cookie.partition(";")[0][:-1]) == UNAUTHORIZED
        assert await ask("DELETE", Cookie=cookie.partition(";")[0]) == (200, None)
        assert await ask("GET", Cookie=cookie.partition(";")[0]) == UNAUTHORIZED


async def test_behind_tls_the_cookie_keeps_to_it(access: Access) -> None:
    """Also behind a proxy that speaks it: the page's own origin tells."""
    async with _sessions(access) as ask:
        headers = {**bearer(READER), "Origin": "https://node.example"}
        async with ask.client.post(ask.url, headers=headers) as response:
            assert "Secure" in response.headers["Set-Cookie"]


async def test_other_tokens_hold_from_their_commit_on(access: Access, tmp_path: Path) -> None:
    """With their sessions; a file that is wrong changes nothing."""
    async with _sessions(access) as ask:
        async with ask.client.post(ask.url, headers=bearer(READER)) as response:
            cookie = response.headers["Set-Cookie"].partition(";")[0]
        settings = guarded(tmp_path, "wrong")
        with pytest.raises(SettingsError):
            await asyncio.to_thread(access.prepare, settings)
        assert await ask("GET", **bearer(READER)) == (200, "reader")
        Path(settings.http.tokens).write_text(f"read another {OPERATOR}")
        commit = await asyncio.to_thread(access.prepare, settings)
        assert await ask("GET", Cookie=cookie) == (200, "reader")
        commit()
        assert await ask("GET", Cookie=cookie) == UNAUTHORIZED
        assert await ask("GET", **bearer(READER)) == UNAUTHORIZED
        assert await ask("GET", **bearer(OPERATOR)) == (200, "another")
        assert access.required
        access.prepare(Settings())()
        assert not access.required


def _sessions(access: Access) -> AbstractAsyncContextManager[Asker]:
    """Serve what begins (POST), uses and ends (DELETE) sessions."""

    def check(request: web.Request) -> Any:
        response = web.Response()
        if request.method == "GET":
            return access.admit(request, READ, NOW).name
        if request.method == "POST":
            access.begin(request, response, NOW)
            return response
        return access.end(request, response)

    return asking(check)
