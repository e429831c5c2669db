"""What somebody can cost a daemon that they may only knock at."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import ExitStack
from urllib.parse import urlsplit

from tests.end_to_end.daemon import Daemon


def test_heads_that_never_end_keep_nobody_out(new_daemon: Callable[..., Daemon]) -> None:
    """Slowloris: each is given up in its time, and its place is free again."""
    daemon = new_daemon()
    daemon.start(TELEMETRYD_HTTP_HEADER_TIMEOUT=1, TELEMETRYD_HTTP_MAX_CONNECTIONS=8)
    with ExitStack() as stack:
        slow = [stack.enter_context(_connected(daemon)) for _ in range(6)]
        for each in slow:
            each.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
        for each in slow:
            assert b" 408 " in each.makefile("rb").read()
    assert daemon.ask("GET", "/-/ready").status_code == 200


def test_connections_have_a_limit(new_daemon: Callable[..., Daemon]) -> None:
    """One too many is told to come again; those that are let in go on."""
    daemon = new_daemon()
    daemon.start(TELEMETRYD_HTTP_MAX_CONNECTIONS=4)
    with ExitStack() as stack:
        many = [stack.enter_context(_connected(daemon)) for _ in range(8)]
        refused = [each for each in many if _has_answer(each)]
        assert len(refused) >= 4
        assert all(b" 503 " in each.makefile("rb").read() for each in refused)
        # Of the rest, one that the readiness probe left may still be held.
        kept = next(each for each in many if each not in refused)
        kept.sendall(b"GET /-/ready HTTP/1.0\r\nHost: localhost\r\n\r\n")
        assert b" 200 " in kept.makefile("rb").read()


def test_charts_and_reports_have_a_rate(new_daemon: Callable[..., Daemon]) -> None:
    """Whoever asks for too many is told when to come again, by a 429; the rest of the API answers on."""
    daemon = new_daemon()
    daemon.start(TELEMETRYD_HTTP_CHARTS_PER_MINUTE=6, TELEMETRYD_HTTP_REPORTS_PER_MINUTE=3)
    charts = [daemon.ask("GET", "visualization/throughput?format=json") for _ in range(4)]
    assert [answer.status_code for answer in charts] == [200, 200, 429, 429]
    assert charts[-1].json()["error_type"] == "rate_limited"
    assert 1 <= int(charts[-1].headers["Retry-After"]) <= 10
    reports = [daemon.ask("POST", "report").status_code for _ in range(2)]
    assert reports == [200, 429]
    assert daemon.ask("GET", "realtime").status_code == 200


def test_a_body_and_a_head_have_a_size(daemon: Daemon) -> None:
    """More is not read."""
    assert daemon.ask("POST", "config", data=b"x" * 70_000).status_code == 413
    assert daemon.ask("GET", "realtime?" + "x" * 70_000).status_code == 414
    assert daemon.ask("GET", "realtime", headers={"X-Long": "x" * 17_000}).status_code == 431
    assert daemon.ask("GET", "realtime", headers={f"X-{number}": "x" for number in range(200)}).status_code == 400


def test_knocking_does_not_fill_the_log(new_daemon: Callable[..., Daemon]) -> None:
    """Of a thousand refusals four lines tell: the first, the tenth, the hundredth and the thousandth."""
    daemon = new_daemon()
    daemon.start()
    for _ in range(1000):
        assert daemon.ask("GET", "/-/ready", headers={"Host": "evil.example"}).status_code == 421
    assert [line["so_far"] for line in daemon.events("request refused")] == [1, 10, 100, 1000]


def _connected(daemon: Daemon) -> socket.socket:
    url = urlsplit(daemon.url)
    return socket.create_connection((url.hostname or "", url.port or 0), timeout=60)


def _has_answer(connection: socket.socket) -> bool:
    """Whether something came without having asked."""
    connection.settimeout(1)
    try:
        return bool(connection.recv(1, socket.MSG_PEEK))
    except TimeoutError:
        return False
    finally:
        connection.settimeout(60)
