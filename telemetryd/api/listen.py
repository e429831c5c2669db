"""Where the REST API listens: what ``http.listen`` can say."""

from __future__ import annotations

import os
import re
import socket
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TypeAlias

from telemetryd.ingest.socket_file import LONGEST_PATH, fits_a_socket
from telemetryd.model.errors import InvalidParameter

# What the path of a Unix socket follows, in http.listen as in a URL.
UNIX = "unix:"
SYNTAX = f"HOST:PORT with a port from 0 to 65535, [IPV6]:PORT, or {UNIX}/path of at most {LONGEST_PATH} bytes"

_tcp = re.compile(r"(?:\[(?P<ipv6>[0-9A-Fa-f:.]+)\]|(?P<host>[^\s:/\[\]]+)):(?P<port>[0-9]{1,5})", re.ASCII)


@dataclass(frozen=True, slots=True)
class TcpAddress:
    """A host and a port, spoken to by TLS or not; port 0 lets the kernel pick one."""

    host: str
    port: int
    secure: bool = False

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.secure else 'http'}://{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class UnixAddress:
    """The path of a Unix socket."""

    path: str

    @property
    def url(self) -> str:
        return f"{UNIX}{self.path}"


Listen: TypeAlias = TcpAddress | UnixAddress


def parse_listen(text: str) -> Listen:
    """Return the address that ``text`` names; raises :class:`InvalidParameter` where it names none."""
    if text.startswith(UNIX):
        path = text.removeprefix(UNIX)
        if fits_a_socket(path):
            return UnixAddress(path)
    elif (found := _tcp.fullmatch(text)) and int(found["port"]) <= 65535:
        return TcpAddress(found["ipv6"] or found["host"], int(found["port"]))
    raise InvalidParameter("http.listen", SYNTAX, text)


def is_beyond_loopback(text: str) -> bool:
    """Whether other computers may reach what listens at ``text``. Of names only localhost is safe, whatever a resolver says of others."""
    listen = parse_listen(text)
    return isinstance(listen, TcpAddress) and not is_loopback(listen.host)


def open_network(where: str) -> str:
    """Return the sentence on a daemon that other computers could reach without tokens."""
    return (
        f"http.listen: expected an address of the loopback, or http.tokens beyond it, found {where} and no tokens; "
        "http.allow_anonymous_network = true lets everyone in who reaches it"
    )


def address_of(listening: socket.socket, *, secure: bool = False) -> Listen:
    """Return the address of a socket that listens already."""
    name = listening.getsockname()
    if listening.family != socket.AF_UNIX:
        return TcpAddress(name[0], name[1], secure)
    return UnixAddress(os.fsdecode(b"@" + name[1:] if isinstance(name, bytes) else name))


def is_loopback(name: str) -> bool:
    """Whether a name or an address is always this computer's own."""
    if name.lower() == "localhost" or name.lower().endswith(".localhost"):
        return True
    try:
        address = ip_address(name)
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback
