"""What of a daemon can be reached from another computer, and what may be read on the way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import requests
import trustme

from tests.end_to_end.daemon import Daemon
from tests.end_to_end.waiting import until

from .conftest import READER, bearer, tokens_in


def test_it_listens_on_the_loopback_alone(daemon: Daemon) -> None:
    """By the kernel's list of what listens."""
    port = int(daemon.url.rpartition(":")[2])
    listening = [line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines()[1:] if " 0A " in line]
    assert [each.partition(":")[0] for each in listening if each.endswith(f":{port:04X}")] == ["0100007F"]
    assert not [line for line in Path("/proc/net/tcp6").read_text().splitlines() if f":{port:04X} 0000" in line]


def test_beyond_the_loopback_it_does_not_start_without_tokens(new_daemon: Callable[..., Daemon]) -> None:
    """One sentence, before anything is touched; with tokens, or a setting that says so, it does."""
    daemon = new_daemon()
    everywhere = ("--http", "0.0.0.0:0")
    daemon.launch(*everywhere)
    assert daemon.wait() == 2
    assert "http.allow_anonymous_network = true" in daemon.log
    assert not daemon.metrics_path.exists()
    daemon.start(*everywhere, TELEMETRYD_HTTP_TOKENS=tokens_in(daemon.folder))
    assert daemon.events("tokens travel in clear: http.tls_certificate is not set, and http.listen is not the loopback")
    assert daemon.ask("GET", "realtime").status_code == 401
    assert daemon.stop() == 0
    daemon.start(*everywhere, TELEMETRYD_HTTP_TOKENS="", TELEMETRYD_HTTP_ALLOW_ANONYMOUS_NETWORK="true")
    assert daemon.ask("GET", "realtime").status_code == 200


def test_a_file_of_tokens_that_others_can_read_keeps_it_from_starting(new_daemon: Callable[..., Daemon]) -> None:
    """A secret that is none is told of."""
    daemon = new_daemon()
    path = tokens_in(daemon.folder)
    path.chmod(0o644)
    daemon.launch(TELEMETRYD_HTTP_TOKENS=path)
    assert daemon.wait() == 2
    assert "nobody else reads, found mode 0644" in daemon.log


def test_by_tls_nobody_reads_along(new_daemon: Callable[..., Daemon]) -> None:
    """The whole daemon by https, and not a word without."""
    daemon = new_daemon()
    authority = trustme.CA()
    issued = authority.issue_cert("localhost")
    certificate, key, trusted = (daemon.folder / name for name in ("certificate", "key", "authority"))
    certificate.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    key.touch(mode=0o600)
    key.write_bytes(issued.private_key_pem.bytes())
    authority.cert_pem.write_to_path(str(trusted))
    daemon.launch(
        TELEMETRYD_HTTP_TLS_CERTIFICATE=certificate,
        TELEMETRYD_HTTP_TLS_KEY=key,
        TELEMETRYD_HTTP_TOKENS=tokens_in(daemon.folder),
    )
    until(lambda: daemon.events("serving"), "the daemon to serve")
    url = daemon.events("serving")[0]["url"].replace("127.0.0.1", "localhost")
    assert url.startswith("https://")
    path = "/api/v0/wal/telemetry/config"
    answer = requests.get(url + path, headers=bearer(READER), verify=str(trusted), timeout=60)
    assert answer.status_code == 200
    session = requests.post(url + "/-/session", headers=bearer(READER), verify=str(trusted), timeout=60)
    assert "Secure" in session.headers["Set-Cookie"]
    try:
        plain = requests.get(url.replace("https", "http") + path, timeout=60)
    except requests.ConnectionError:
        pass
    else:
        raise AssertionError(f"expected no answer, found {plain.text}")
