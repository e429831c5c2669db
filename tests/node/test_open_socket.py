"""A socket that systemd holds is bound by the same rules as one of the daemon's own."""

from __future__ import annotations

import socket
from pathlib import Path

from tests.end_to_end.daemon import Daemon


def test_one_beyond_the_loopback_takes_tokens(short_path: Path) -> None:
    """Without them the daemon does not start, and says which setting it misses."""
    daemon = Daemon(short_path)
    with socket.create_server(("0.0.0.0", 0)) as open_to_all:
        daemon.passed = {"http": open_to_all}
        daemon.launch()
        assert daemon.wait() == 2
        daemon.end()
    assert (
        f"http.listen: expected an address of the loopback, or http.tokens beyond it, found {'0.0.0.0'}" in daemon.log
    )
