"""Which names this daemon is called by.

A page can have its own name looked up anew, as this computer's address, and be served by the daemon as
if it were its own site ("DNS rebinding"). The browser then still says the name: a request for a name
that is not ours is refused. An address is nobody's name, so the address at which a request arrived is ours.
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from urllib.parse import urlsplit

from aiohttp import web

from telemetryd.model.settings import Settings

from .errors import UnknownHost
from .listen import TcpAddress, is_loopback, parse_listen

ANY = "*"
# Of how many values of the header it is remembered that they are ours.
_REMEMBERED = 64


class Hosts:
    """The names by which requests may call the daemon: localhost, the loopback, where it listens, and those of the settings."""

    def __init__(self, settings: Settings | None = None) -> None:
        self._names: frozenset[str] = frozenset()
        self._known: set[tuple[str, str]] = set()
        self.prepare(settings or Settings())()

    def prepare(self, settings: Settings) -> Callable[[], None]:
        """Return what puts the names of ``settings`` in force."""
        listen = parse_listen(settings.http.listen)
        listened = [listen.host] if isinstance(listen, TcpAddress) else []
        names = frozenset(_folded(name) for name in (*settings.http.allowed_hosts, *listened))

        def commit() -> None:
            self._names = names
            self._known = set()

        return commit

    def check(self, request: web.Request) -> None:
        """Raise :class:`UnknownHost` where a request calls another; one by a Unix socket comes from no browser."""
        bound = request.get_extra_info("sockname")
        host = request.headers.get("Host")
        if host is None or not isinstance(bound, tuple):
            return
        asked = (host, bound[0])
        if asked in self._known:
            return
        if not self._is_ours(*asked):
            raise UnknownHost(
                f"expected localhost, the address listened at or a name of http.allowed_hosts as the host, found {host[:80]!r}"
            )
        if len(self._known) < _REMEMBERED:
            self._known.add(asked)

    def _is_ours(self, host: str, bound: str) -> bool:
        if ANY in self._names:
            return True
        try:
            name = _folded(urlsplit(f"//{host}").hostname or "")
        except ValueError:
            return False
        return name in self._names or is_loopback(name) or _is_same(name, bound)


def _is_same(name: str, bound: str) -> bool:
    """Whether ``name`` is the address ``bound``, however it is written."""
    try:
        one, other = ip_address(name), ip_address(bound.partition("%")[0])
    except ValueError:
        return False
    return (getattr(one, "ipv4_mapped", None) or one) == (getattr(other, "ipv4_mapped", None) or other)


def _folded(name: str) -> str:
    return name.lower()
