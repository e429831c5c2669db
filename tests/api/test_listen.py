"""What ``http.listen`` can say."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from telemetryd.api.listen import Listen, TcpAddress, UnixAddress, address_of, is_beyond_loopback, parse_listen
from telemetryd.model.errors import InvalidParameter


@pytest.mark.parametrize(
    ("text", "address", "url"),
    [
        ("127.0.0.1:8000", TcpAddress("127.0.0.1", 8000), "http://127.0.0.1:8000"),
        ("localhost:0", TcpAddress("localhost", 0), "http://localhost:0"),
        ("[::1]:65535", TcpAddress("::1", 65535), "http://[::1]:65535"),
        ("unix:/run/api.sock", UnixAddress("/run/api.sock"), "unix:/run/api.sock"),
    ],
)
def test_addresses_are_read(text: str, address: Listen, url: str) -> None:
    """A host with its port, and a Unix socket's path, are addresses with a URL each."""
    assert parse_listen(text) == address
    assert address.url == url


@pytest.mark.parametrize(
    "text",
    [
        "",
        "8000",
        ":8000",
        "host",
        "host:",
        "host:x",
        "host:65536",
        "host:-1",
        "::1:80",
        "[::1]",
        "http://host:80",
        "a b:80",
        "unix:",
        "unix:" + "x" * 108,
        "host:８０",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    """Anything else is a mistake that names the setting and shows the syntax."""
    with pytest.raises(InvalidParameter, match=r"^http\.listen: expected HOST:PORT"):
        parse_listen(text)


@pytest.mark.parametrize(
    ("text", "beyond"),
    [
        ("127.0.0.2:80", False),
        ("[::1]:80", False),
        ("[::ffff:127.0.0.1]:80", False),
        ("LocalHost:80", False),
        ("Api.LOCALHOST:80", False),
        ("unix:/run/api.sock", False),
        ("0.0.0.0:80", True),
        ("[::]:80", True),
        ("localhost.example:80", True),
        ("notlocalhost:80", True),
    ],
)
def test_what_other_computers_may_reach(text: str, beyond: bool) -> None:
    """Names are the same in capitals; of names only localhost is known to stay here."""
    assert is_beyond_loopback(text) is beyond


def test_a_socket_that_listens_has_the_address_it_was_bound_to(short_path: Path) -> None:
    """Of every family; an abstract one as systemd writes it."""
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_UNIX) as unix:
        assert address_of(tcp) == TcpAddress("127.0.0.1", tcp.getsockname()[1])
        unix.bind(str(short_path / "s"))
        assert address_of(unix) == UnixAddress(str(short_path / "s"))
    with socket.socket(socket.AF_UNIX) as abstract, socket.create_server(("::1", 0), family=socket.AF_INET6) as six:
        abstract.bind(f"\0telemetryd-http-{os.getpid()}")
        assert address_of(abstract) == UnixAddress(f"@telemetryd-http-{os.getpid()}")
        assert address_of(six).url.startswith("http://[::1]:")
