"""Which names the daemon is called by."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from telemetryd.api.hosts import Hosts
from telemetryd.model.settings import Settings

from .asking import asking

OURS = ["localhost", "LOCALHOST:1", "127.0.0.1:8000", "127.9.9.9", "[::1]:8000", "[::ffff:127.0.0.1]", "a.localhost:99"]
OTHERS = [
    "evil.example",
    "evil.example:8000",
    "127.0.0.1.evil.example",
    "10.0.0.1",
    "localhost.evil.example",
    "[",
    "0.0.0.0",
]


def listening(listen: str, *allowed: str) -> Settings:
    """Return settings with an address and allowed names."""
    settings = Settings()
    return replace(settings, http=replace(settings.http, listen=listen, allowed_hosts=allowed))


@pytest.mark.parametrize("host", OURS)
async def test_the_loopbacks_names_are_ours(host: str) -> None:
    """With any port, for a tunnel has its own."""
    async with asking(Hosts().check) as ask:
        assert await ask(Host=host) == (200, None)
        assert await ask(Host=host) == (200, None)


@pytest.mark.parametrize("host", OTHERS)
async def test_any_other_name_is_refused(host: str) -> None:
    """Whatever it leads to; also the second time, and for reading."""
    async with asking(Hosts().check) as ask:
        for method in ("GET", "POST", "GET"):
            assert await ask(method, Host=host) == (421, "unknown_host")


async def test_the_address_listened_at_is_ours() -> None:
    """By the name that the settings have for it, or, where it listens at all, the one that was reached."""
    async with asking(Hosts(listening("node.example:8000")).check) as ask:
        assert await ask(Host="node.example:8000") == (200, None)
        assert await ask(Host="other.example:8000") == (421, "unknown_host")
    async with asking(Hosts(listening("0.0.0.0:8000")).check, "127.0.0.2:0") as ask:
        assert await ask(Host="127.0.0.2") == (200, None)
        assert await ask(Host="192.0.2.1") == (421, "unknown_host")


async def test_names_are_allowed_by_the_settings() -> None:
    """One by one, or all by a star; from the commit on."""
    hosts = Hosts()
    async with asking(hosts.check) as ask:
        commit = hosts.prepare(listening("127.0.0.1:8000", "Node.example", "other.example"))
        assert await ask(Host="node.example") == (421, "unknown_host")
        commit()
        assert await ask(Host="node.EXAMPLE:443") == (200, None)
        hosts.prepare(listening("127.0.0.1:8000", "*"))()
        assert await ask(Host="anything.example") == (200, None)
        hosts.prepare(listening("127.0.0.1:8000"))()
        assert await ask(Host="node.example") == (421, "unknown_host")
        assert await ask(Host="anything.example") == (421, "unknown_host")


async def test_no_browser_comes_by_a_unix_socket(short_path: Path) -> None:
    """Whoever does may call it anything."""
    async with asking(Hosts().check, f"unix:{short_path}/api") as ask:
        assert await ask(Host="any.example") == (200, None)
