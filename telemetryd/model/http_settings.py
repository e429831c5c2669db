"""The settings of the REST API: where it is served, to whom, and how much of it at once."""

from __future__ import annotations

from dataclasses import dataclass

from .setting import setting


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """Where the REST API and the dashboard are served."""

    listen: str = setting("127.0.0.1:8000", "HOST:PORT of the REST API (port 0 picks one and logs it), or unix:/path.")
    socket_mode: str = setting("0600", "Permissions of the file of `unix:/path`, in octal.")
    socket_group: str = setting("", "Group of that file, by name or number; empty leaves the daemon's.")
    tokens: str = setting(
        "",
        "File of the bearer tokens, a line each: role, name, token; empty means systemd's credential telemetryd.tokens, else none.",
        live=True,
    )
    allow_anonymous_network: bool = setting(
        False, "Serve beyond the loopback without tokens: whoever reaches the port may read and change everything."
    )
    allowed_hosts: tuple[str, ...] = setting(
        (),
        "Names by which clients may call the API, besides localhost and the address it listens at; `*` is any name.",
        live=True,
    )
    tls_certificate: str = setting(
        "",
        "File of the certificate and its chain, in PEM; empty means systemd's credential telemetryd.tls-certificate, else no TLS.",
    )
    tls_key: str = setting(
        "", "File of the certificate's key, in PEM; empty means systemd's credential telemetryd.tls-key."
    )
    max_connections: int = setting(
        256, "Connections open at once; more are told to come again, or by TLS hung up on.", minimum=1, maximum=65536
    )
    header_timeout: int = setting(
        20, "Longest time a client may take to send the head of a request.", unit="s", minimum=1, maximum=3600
    )
    charts_per_minute: int = setting(
        600,
        "Charts that one client may ask for, on average; all together four times as many.",
        minimum=1,
        maximum=1_000_000,
        live=True,
    )
    reports_per_minute: int = setting(
        60,
        "Reports that one client may ask for, on average; all together four times as many.",
        minimum=1,
        maximum=1_000_000,
        live=True,
    )
    max_streams: int = setting(
        64, "Clients that follow GET /stream at once; more are told to come again.", minimum=1, maximum=10_000
    )
