"""``GET`` and ``POST /config``."""

from __future__ import annotations

import asyncio

import pytest

from telemetryd.model.errors import StorageError

from .conftest import CONFIG, PREFIX, Server


async def test_config_is_shown(server: Server) -> None:
    """The settings are shown; nothing waits for a restart, so nothing is said of one."""
    found = await server.json("config")
    assert found["operation"] == "get_telemetry_config"
    assert found["config"] == CONFIG
    assert "pending_restart" not in found and "warning" not in found


async def test_what_waits_for_a_restart_is_shown(server: Server) -> None:
    """A value that holds from the next start on is told beside the one in force."""
    server.settings.pending = {"operation_hooks": {"in_force": True, "at_restart": False}}
    assert (await server.json("config"))["pending_restart"] == server.settings.pending


async def test_an_update_answers_with_what_it_made(server: Server) -> None:
    """A change is applied, and the answer shows the settings after it."""
    found = await server.json("config", method="POST", json={"enabled": False})
    assert found["operation"] == "update_telemetry_config"
    assert found["config"]["enabled"] is False
    assert "warning" not in found
    assert (await server.json("config"))["config"]["enabled"] is False


async def test_warnings_are_one_sentence(server: Server) -> None:
    """All warnings of an update are in ``warning``."""
    found = await server.json("config", method="POST", json={"operation_hooks": False})
    assert found["warning"] == "one warning; another"


async def test_an_empty_object_changes_nothing(server: Server) -> None:
    """A body without a key is an update of nothing."""
    assert (await server.json("config", method="POST", json={}))["config"] == CONFIG


async def test_a_wrong_key_is_named(server: Server) -> None:
    """A mistake in the body is a 400 that names the key, and nothing changes."""
    found = await server.json("config", 400, method="POST", json={"colour": 1})
    assert found["operation"] == "update_telemetry_config"
    assert found["error_type"] == "invalid_parameter"
    assert found["error"].startswith("colour: expected a known key")


async def test_settings_are_not_query_parameters(server: Server) -> None:
    """A setting in the query is a mistake, not a silent nothing."""
    assert "enabled" in (await server.json("config?enabled=false", 400, method="POST", json={}))["error"]
    assert "enabled" in (await server.json("config?enabled", 400))["error"]


async def test_what_cannot_be_stored_is_told(server: Server) -> None:
    """A disk that refuses the change is a 503 with its sentence."""
    server.settings.fails = StorageError("settings: expected to store them in /x, found No space left on device")
    found = await server.json("config", 503, method="POST", json={"enabled": False})
    assert found["error_type"] == "storage_error" and "No space left" in found["error"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
    ],
)
async def test_pages_of_other_sites_change_nothing(server: Server, headers: dict[str, str]) -> None:
    """A browser that says a page of another site is behind the request is refused."""
    found = await server.json("config", 403, method="POST", json={"enabled": False}, headers=headers)
    assert found["error_type"] == "cross_origin"
    assert server.settings.values["enabled"] is True


@pytest.mark.parametrize(
    "name", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "10.0.0.1", "[", "localhost."]
)
async def test_names_that_lead_to_the_loopback_are_not_this_site(server: Server, name: str) -> None:
    """A page whose own name was pointed at this computer changes nothing."""
    for more in ({}, {"Sec-Fetch-Site": "same-origin"}):
        headers = {"Host": name, "Origin": f"http://{name}", **more}
        found = await server.json("config", 421, method="POST", json={"enabled": False}, headers=headers)
        assert found["error_type"] == "unknown_host"
        await server.json("report", 421, method="POST", json={}, headers=headers)
    assert server.settings.values["enabled"] is True
    assert server.reports.kept == {}


@pytest.mark.parametrize("name", ["localhost:8000", "127.0.0.1:1", "[::1]:8000", "node.localhost", "127.1.2.3"])
async def test_the_loopbacks_own_names_are_this_site(server: Server, name: str) -> None:
    """Whatever port a tunnel gives it."""
    headers = {"Host": name, "Origin": f"http://{name}", "Sec-Fetch-Site": "same-origin"}
    await server.json("config", method="POST", json={"enabled": False}, headers=headers)


async def test_pages_of_this_site_may_change_settings(server: Server) -> None:
    """A page that this daemon served, and a user's own navigation, are let in."""
    for headers in ({"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {"Origin": server.url}):
        await server.json("config", method="POST", json={"enabled": False}, headers=headers)


async def test_a_client_that_goes_away_leaves_no_half_change(server: Server) -> None:
    """A change that has begun is finished, whether or not anyone waits for its answer."""
    server.settings.goes_on = asyncio.Event()
    host, _, port = server.url.removeprefix("http://").partition(":")
    _, writer = await asyncio.open_connection(host, int(port))
    body = b'{"enabled": false}'
    head = f"POST {PREFIX}/config HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    await asyncio.wait_for(server.settings.asked.wait(), 20)
    writer.transport.abort()
    await server.json("/-/healthy")
    server.settings.goes_on.set()
    found = await server.json("config")
    assert found["config"]["enabled"] is False
