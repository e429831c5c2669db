"""The settings of the REST API, as they are when nobody has said anything."""

from __future__ import annotations

from telemetryd.model.http_settings import HttpSettings


def test_the_defaults_let_nobody_in_from_elsewhere() -> None:
    """The loopback alone, a Unix socket for the daemon's user, no further name, and no leave to serve others."""
    http = HttpSettings()
    assert http.listen.startswith("127.0.0.1:")
    assert http.socket_mode == "0600" and http.socket_group == ""
    assert http.allowed_hosts == () and http.allow_anonymous_network is False
