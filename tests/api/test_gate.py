"""What a request passes before anything is done for it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from telemetryd.api.access import CALLER, NOTHING
from telemetryd.api.gate import CHARTS, Gate
from telemetryd.api.tokens import ADMIN, READ
from telemetryd.instrumentation.access_events import (
    AdminRequest,
    NetworkOpen,
    RequestRefused,
    TokensChanged,
    TokensInClear,
)
from telemetryd.instrumentation.events import InternalEvent
from telemetryd.model.errors import SettingsError
from telemetryd.model.settings import Settings

from .asking import asking
from .guarding import OPERATOR, READER, bearer, guarded

NOW = 1_700_000_000.0


def passing(gate: Gate, needs: str = READ, rate: str = "") -> Any:
    """Return a check that says who passed."""

    def check(request: web.Request) -> str:
        gate.check(request, needs, rate, "an_operation", NOW)
        return request[CALLER].name

    return check


async def test_the_host_comes_before_the_site_and_that_before_the_token(tmp_path: Path) -> None:
    """A stranger learns nothing of what lies further in."""
    async with asking(passing(Gate(guarded(tmp_path)))) as ask:
        wrong = {"Sec_Fetch_Site": "cross-site", **bearer("nobody's-token")}
        assert await ask(Host="evil.example", **wrong) == (421, "unknown_host")
        assert await ask(**wrong) == (403, "cross_origin")
        assert await ask(**bearer("nobody's-token")) == (401, "unauthorized")
        assert await ask(**bearer(READER)) == (200, "reader")


async def test_who_asks_too_often_is_told_when_to_come_again(tmp_path: Path) -> None:
    """By their token, wherever they are; whoever was refused before takes nothing from anyone."""
    gate = Gate(guarded(tmp_path, charts_per_minute=6))
    async with asking(passing(gate, READ, CHARTS)) as ask:
        for _ in range(5):
            assert (await ask())[0] == 401
        assert [await ask(**bearer(READER)) for _ in range(3)] == [(200, "reader")] * 2 + [(429, "rate_limited")]
        assert await ask(**bearer(OPERATOR)) == (200, "operator")
        async with ask.client.get(ask.url, headers=bearer(READER)) as response:
            assert response.headers["Retry-After"] == "10"


async def test_refusals_and_what_administrators_do_are_told(tmp_path: Path) -> None:
    """By name and address, never by token."""
    told: list[InternalEvent] = []
    gate = Gate(guarded(tmp_path), told.append)
    async with asking(passing(gate, ADMIN)) as ask:
        await ask(**bearer(READER))
        await ask(**bearer(OPERATOR))
    refused, asked = told
    assert isinstance(refused, RequestRefused) and (refused.reason, refused.client) == ("forbidden", "127.0.0.1")
    assert asked == AdminRequest("an_operation", "operator", "127.0.0.1")
    assert READER not in str(told) and OPERATOR not in str(told)


async def test_a_gate_without_tokens_lets_everyone_in_and_says_nothing() -> None:
    """As on the loopback, where a computer trusts its own."""
    told: list[InternalEvent] = []
    async with asking(passing(Gate(emit=told.append), ADMIN)) as ask:
        assert await ask("POST") == (200, "")
    assert told == []


async def test_new_settings_hold_whole(tmp_path: Path) -> None:
    """Tokens, names and rates together, from the commit on; where one is wrong, none does."""
    gate = Gate(guarded(tmp_path, charts_per_minute=3))
    async with asking(passing(gate, READ, CHARTS)) as ask:
        assert await ask(**bearer(READER)) == (200, "reader")
        assert (await ask(**bearer(READER)))[0] == 429
        wrong = replace(Settings(), http=replace(Settings().http, tokens=str(tmp_path / "none"), charts_per_minute=60))
        with pytest.raises(SettingsError):
            gate.prepare(wrong)
        assert (await ask(**bearer(READER)))[0] == 429
        gate.prepare(guarded(tmp_path, charts_per_minute=60, allowed_hosts=("node.example",)))()
        assert await ask(Host="node.example", **bearer(READER)) == (200, "reader")


def test_tokens_in_clear_are_told(tmp_path: Path) -> None:
    """Beyond the loopback and without TLS, whoever listens there reads them."""
    told: list[InternalEvent] = []
    settings = guarded(tmp_path)
    gate = Gate(settings, told.append)
    for url in ("http://127.0.0.1:8000", "http://localhost:1", "unix:/x", "https://0.0.0.0:1"):
        gate.listens(url, settings.http)
    assert told == []
    gate.listens("http://0.0.0.0:8000", settings.http)
    assert told == [TokensInClear("http://0.0.0.0:8000")]


@pytest.mark.parametrize(
    ("url", "is_open", "in_clear"),
    [
        ("http://0.0.0.0:8000", True, True),
        ("https://0.0.0.0:8000", True, False),
        ("http://127.0.0.1:8000", False, False),
        ("unix:/run/telemetryd/api.sock", False, False),
    ],
)
def test_what_a_reload_opens_or_closes_is_told(url: str, is_open: bool, in_clear: bool, tmp_path: Path) -> None:
    """Once, from its commit on: whoever is let in without a token, and tokens that travel in clear."""
    told: list[InternalEvent] = []
    open_to_all = replace(Settings(), http=replace(Settings().http, allow_anonymous_network=True))
    settings = guarded(tmp_path)
    opened, clear = [NetworkOpen(url)] * is_open, [TokensInClear(url)] * in_clear
    gate = Gate(open_to_all, told.append)
    assert told == []
    gate.listens(url, open_to_all.http)
    assert told == opened
    commit = gate.prepare(settings)
    told.clear()
    commit()
    gate.prepare(settings)()
    assert told == [TokensChanged("operator, reader", "", ""), *clear]
    told.clear()
    gate.prepare(open_to_all)()
    assert told == [TokensChanged("", "operator, reader", ""), *opened]


def test_tokens_that_a_reload_changes_are_told_by_name(tmp_path: Path) -> None:
    """Never by what they are; a file that says the same as before is no change."""
    told: list[InternalEvent] = []
    settings = guarded(tmp_path)
    file = Path(settings.http.tokens)
    gate = Gate(settings, told.append)
    gate.listens("http://127.0.0.1:1", settings.http)
    file.write_text(f"# in another order, with a comment\nadmin operator {OPERATOR}\nread reader {READER}\n")
    gate.prepare(settings)()
    assert told == []
    file.write_text(f"admin reader {READER}\nread visitor a-token-for-a-visitor\n")
    gate.prepare(settings)()
    assert told == [TokensChanged("visitor", "operator", "reader")]


def test_what_others_can_reach_has_tokens(tmp_path: Path) -> None:
    """Wherever it really listens, also after a reload: systemd may have passed a socket that no setting tells of."""
    gate, settings, none = Gate(), guarded(tmp_path), Settings()
    for url in ("http://[::]:8000", "https://192.0.2.1:443"):
        with pytest.raises(SettingsError, match="allow_anonymous_network"):
            gate.listens(url, none.http)
        gate.listens(url, replace(none.http, allow_anonymous_network=True))
        gate.listens(url, settings.http)
        with pytest.raises(SettingsError, match="allow_anonymous_network"):
            gate.prepare(none)
        gate.prepare(settings)()
    gate.listens("http://[::1]:8000", none.http)
    gate.prepare(none)()


async def test_what_needs_nothing_is_told_who_asks_all_the_same(tmp_path: Path) -> None:
    """A page shows it."""
    async with asking(passing(Gate(guarded(tmp_path)), NOTHING)) as ask:
        assert await ask() == (200, "")
        assert await ask(**bearer(READER)) == (200, "reader")
