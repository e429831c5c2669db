"""What somebody can cost a daemon that they may only knock at."""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from urllib.parse import urlsplit

import trustme

from tests.end_to_end.daemon import Daemon
from tests.end_to_end.waiting import PATIENCE, until


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
        refused = _unasked(many, at_least=4)
        assert len(refused) >= 4
        assert all(b" 503 " in each.makefile("rb").read() for each in refused)
        # A place that the readiness probe left may still have been held: then one more was refused.
        rest = [each for each in many if each not in refused]
        for each in rest:
            each.sendall(b"GET /-/ready HTTP/1.0\r\nHost: localhost\r\n\r\n")
        assert sum(b" 200 " in _read(each) for each in rest) >= 3


def test_connections_that_have_not_greeted_have_a_limit_too(new_daemon: Callable[..., Daemon]) -> None:
    """By TLS one too many is hung up on; none waits for a greeting that does not come, on a descriptor of ours."""
    daemon = new_daemon()
    authority = trustme.CA()
    issued = authority.issue_cert("localhost")
    certificate, key = (daemon.folder / name for name in ("certificate", "key"))
    certificate.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    key.touch(mode=0o600)
    key.write_bytes(issued.private_key_pem.bytes())
    daemon.launch(
        TELEMETRYD_HTTP_MAX_CONNECTIONS=4, TELEMETRYD_HTTP_TLS_CERTIFICATE=certificate, TELEMETRYD_HTTP_TLS_KEY=key
    )
    until(lambda: daemon.events("serving"), "the daemon to serve")
    daemon.url = daemon.events("serving")[0]["url"]
    with ExitStack() as stack:
        many = [stack.enter_context(_connected(daemon)) for _ in range(40)]
        refused = _unasked(many, at_least=36)
        assert len(refused) == 36
        assert all(_read(each) == b"" for each in refused)
    assert daemon.events("client refused")[0]["limit"] == 4


def test_charts_and_reports_have_a_rate(new_daemon: Callable[..., Daemon]) -> None:
    """Whoever asks for too many is told when to come again, by a 429; the rest of the API answers on."""
    daemon = new_daemon()
    daemon.start(TELEMETRYD_HTTP_CHARTS_PER_MINUTE=6, TELEMETRYD_HTTP_REPORTS_PER_MINUTE=3)
    # At once: after ten seconds, which one may take, there is another one to have.
    with ThreadPoolExecutor(4) as clients:
        charts = list(clients.map(lambda _: daemon.ask("GET", "visualization/throughput?format=json"), range(4)))
    charts.sort(key=lambda answer: answer.status_code)
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


def _read(connection: socket.socket) -> bytes:
    """Return all that comes, until the daemon hangs up in whatever way."""
    try:
        return connection.makefile("rb").read()
    except ConnectionError:
        return b""


def _connected(daemon: Daemon) -> socket.socket:
    url = urlsplit(daemon.url)
    return socket.create_connection((url.hostname or "", url.port or 0), timeout=60)


def _unasked(connections: Iterable[socket.socket], at_least: int) -> list[socket.socket]:
    """Return the connections on which something came, or that were hung up on, without having asked: once there are so many."""
    waiting, found = selectors.DefaultSelector(), []
    with waiting:
        for each in connections:
            waiting.register(each, selectors.EVENT_READ)
        end = time.monotonic() + PATIENCE
        while len(found) < at_least and (ready := waiting.select(end - time.monotonic())):
            for key, _ in ready:
                waiting.unregister(key.fileobj)
                assert isinstance(key.fileobj, socket.socket)
                found.append(key.fileobj)
    return found
