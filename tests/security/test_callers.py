"""Who may read, who may change, and what a stranger learns."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable

import pytest
import requests

from telemetryd.api.access import NOTHING
from telemetryd.api.app import ROUTES, Route
from telemetryd.api.tokens import ADMIN
from tests.end_to_end.daemon import API, Daemon
from tests.end_to_end.waiting import PATIENCE, until

from .conftest import OPERATOR, READER, bearer, tokens_in

OPEN = {"/", "/docs", "/openapi.json", "/static/{name}", "/-/healthy", "/-/ready", "/-/session"}


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_every_route_but_pages_and_probes_needs_a_token(guarded: Daemon, route: Route) -> None:
    """A new one does so by itself: what is open is said one by one."""
    answer = guarded.ask(route.method, _path(route))
    assert (route.needs == NOTHING) == (answer.status_code != 401)
    if route.needs == NOTHING:
        assert _shown(route) in OPEN
        return
    assert (answer.json()["operation"], answer.json()["error_type"]) == (route.operation, "unauthorized")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer ")


@pytest.mark.parametrize(
    "route",
    [route for route in ROUTES if route.method not in ("GET", "HEAD") and route.path != "/-/session"],
    ids=lambda route: f"{route.method} {route.path}",
)
def test_every_change_needs_an_administrator(guarded: Daemon, route: Route) -> None:
    """A reader is refused before anything is looked at; an operator gets as far as their mistake."""
    assert route.needs == ADMIN
    answer = guarded.ask(route.method, _path(route), headers=bearer(READER))
    assert (answer.status_code, answer.json()["error_type"]) == (403, "forbidden")
    answer = guarded.ask(route.method, _path(route) + "?nonsense=1", headers=bearer(OPERATOR))
    assert answer.status_code in (400, 404)


def test_probes_tell_strangers_nothing_of_the_inside(guarded: Daemon) -> None:
    """That it lives and works, and no version, path or number."""
    assert set(guarded.ask("GET", "/-/healthy").json()) == {"success", "operation", "timestamp"}
    assert guarded.ask("GET", "/-/ready").json()["reasons"] == []
    told = guarded.ask("GET", "/-/healthy", headers=bearer(READER)).json()
    assert {"version", "books", "browser"} <= set(told)


def test_a_reload_takes_a_token_away(new_daemon: Callable[..., Daemon]) -> None:
    """And gives another; with a mistake in the file all is as it was. What it opened ends: sessions, and streams under way."""
    daemon = new_daemon()
    path = tokens_in(daemon.folder)
    daemon.start(TELEMETRYD_HTTP_TOKENS=path)
    assert daemon.ask("GET", "config", headers=bearer(READER)).status_code == 200
    begun = daemon.ask("POST", "/-/session", headers=bearer(READER))
    cookie = {"Cookie": begun.headers["Set-Cookie"].partition(";")[0]}
    streams = [
        requests.get(f"{daemon.url}{API}/stream?interval=1", headers=shown, stream=True, timeout=PATIENCE)
        for shown in (bearer(READER), cookie)
    ]
    assert [stream.status_code for stream in streams] == [200, 200]
    path.write_text("nonsense\n")
    daemon.signal(signal.SIGHUP)
    until(lambda: "http.tokens: expected a role" in daemon.log, "the reload to be refused")
    assert daemon.ask("GET", "config", headers=bearer(READER)).status_code == 200
    path.write_text(f"read another {OPERATOR}\n")
    daemon.signal(signal.SIGHUP)
    until(lambda: daemon.ask("GET", "config", headers=bearer(READER)).status_code == 401, "the token to be gone")
    assert daemon.ask("GET", "config", headers=cookie).status_code == 401
    for stream in streams:
        assert stream.content.startswith(b"retry: "), "it is read to its end, and has one"
    assert daemon.ask("GET", "config", headers=bearer(OPERATOR)).status_code == 200
    assert daemon.ask("POST", "config", headers=bearer(OPERATOR)).status_code == 403


def test_tokens_may_be_a_credential_of_systemd(new_daemon: Callable[..., Daemon]) -> None:
    """One of the name telemetryd.tokens, where no setting names a file."""
    daemon = new_daemon()
    folder = daemon.folder / "credentials"
    folder.mkdir()
    tokens_in(folder).rename(folder / "telemetryd.tokens")
    daemon.start(CREDENTIALS_DIRECTORY=folder)
    assert daemon.ask("GET", "config").status_code == 401
    assert daemon.ask("GET", "config", headers=bearer(READER)).status_code == 200


def test_no_token_is_told(new_daemon: Callable[..., Daemon]) -> None:
    """Neither in the log nor in an answer, whatever is done with it."""
    daemon = new_daemon()
    daemon.start(TELEMETRYD_HTTP_TOKENS=tokens_in(daemon.folder))
    answers = [
        daemon.ask(method, path, headers=bearer(token)).text
        for method, path in (("GET", "config"), ("POST", "config"), ("POST", "/-/session"), ("GET", "nowhere"))
        for token in (READER, OPERATOR, READER + "x")
    ]
    assert daemon.stop() == 0
    for token in (READER, OPERATOR):
        assert token not in daemon.log and token not in "".join(answers)
    assert [(line["name"], line["operation"]) for line in daemon.events("asked by an administrator")] == [
        ("operator", "update_telemetry_config")
    ]


def _shown(route: Route) -> str:
    return re.sub(r"\{(\w+):[^{}]*\}", r"{\1}", route.path)


def _path(route: Route) -> str:
    return re.sub(r"\{\w+:[^{}]*\}", "a", route.path)
