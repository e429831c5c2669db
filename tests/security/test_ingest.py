"""Who may send events, and what somebody who may not can do."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.end_to_end.daemon import Daemon
from tests.end_to_end.waiting import until
from tests.oracle.events import life

SOMEBODY_ELSE = 65534


def test_the_sockets_file_keeps_other_users_out(new_daemon: Callable[..., Daemon]) -> None:
    """For user and group unless the settings say otherwise; it is never there with other permissions."""
    daemon = new_daemon()
    daemon.start()
    assert stat.S_IMODE(Path(daemon.socket).stat().st_mode) == 0o660
    assert daemon.stop() == 0
    daemon.start(TELEMETRYD_INGEST_SOCKET_MODE="0600", TELEMETRYD_INGEST_SOCKET_GROUP=str(os.getgid()))
    assert stat.S_IMODE(Path(daemon.socket).stat().st_mode) == 0o600
    assert Path(daemon.socket).stat().st_gid == os.getgid()


def test_a_process_that_is_not_on_the_list_is_refused(new_daemon: Callable[..., Daemon]) -> None:
    """One line says so, it is counted, and no event of it is taken; a reload lets it in."""
    daemon = new_daemon()
    file = daemon.folder / "telemetryd.toml"
    file.write_text(f"[ingest]\nallowed_users = ['{SOMEBODY_ELSE}']\n")
    daemon.start("--config", str(file))
    for _ in range(3):
        with socket.socket(socket.AF_UNIX) as refused:
            refused.settimeout(60)
            refused.connect(daemon.socket)
            told = json.loads(refused.makefile("rb").read())
            assert told["reason"] == "peer_not_allowed"
    assert daemon.books()["peers_refused"] == 3
    assert daemon.books()["received"] == 0
    file.write_text(f"[ingest]\nallowed_users = ['{SOMEBODY_ELSE}', '{os.getuid()}']\n")
    daemon.signal(signal.SIGHUP)
    until(lambda: _is_let_in(daemon), "the daemon to let us in")


def test_a_reload_hangs_up_on_who_is_listed_no_more(new_daemon: Callable[..., Daemon]) -> None:
    """What it had sent is stored and acknowledged; then a line says why, and nothing more of it is taken."""
    daemon = new_daemon()
    file = daemon.folder / "telemetryd.toml"
    file.write_text(f"[ingest]\nallowed_users = ['{os.getuid()}']\n")
    daemon.start("--config", str(file))
    with daemon.producer() as producer:
        producer.hello("a WAL")
        producer.store(1, life("before", time.time() - 10))
        file.write_text(f"[ingest]\nallowed_users = ['{SOMEBODY_ELSE}']\n")
        daemon.signal(signal.SIGHUP)
        assert [line["reason"] for line in producer.lines()] == ["peer_not_allowed"]
    assert daemon.books()["peers_refused"] == 1


def test_a_name_that_nobody_has_keeps_it_from_starting(new_daemon: Callable[..., Daemon]) -> None:
    """A list that would let in fewer than it says is no list."""
    daemon = new_daemon()
    daemon.launch(TELEMETRYD_INGEST_ALLOWED_GROUPS="no-group-of-this-name")
    assert daemon.wait() == 2
    assert "ingest.allowed_groups: expected the name or number of a group" in daemon.log


@pytest.mark.parametrize("name", ["<img src=x onerror=alert(1)>", "</script><script>alert(1)</script>", "{{7*7}}"])
def test_a_name_that_a_process_chose_is_text_everywhere(shared_daemon: Daemon, name: str) -> None:
    """In a chart, in a report, in every answer: it is never a part of a page."""
    daemon = shared_daemon
    with daemon.producer() as producer:
        number = producer.hello("wal")["last_batch"] + 1
        now = daemon.ask("GET", "/-/healthy").json()["timestamp"]
        start = {"operation_id": name, "operation_type": name, "backend": name, "timestamp": now - 2}
        end = {"operation_id": name, "status": "failed", "timestamp": now - 1, "error": name, "error_type": name}
        producer.store(number, [{"event": "operation_start", **start}, {"event": "status_change", **end}])
    pages = [daemon.ask("GET", f"visualization/operation_count?format={form}").text for form in ("html", "svg")]
    made = daemon.ask("POST", "report").json()
    until(lambda: daemon.get(f"reports/{made['report_id']}/report.json")["status"] == "done", "the report to be done")
    pages += [daemon.ask("GET", f"reports/{made['report_id']}/{file}").text for file in ("report.html", "index.html")]
    for page in pages:
        assert "<img src=x" not in page and "<script>alert(1)" not in page and ">49<" not in page
    assert daemon.ask("GET", "operations").headers["Content-Type"].startswith("application/json")


def _is_let_in(daemon: Daemon) -> bool:
    with daemon.producer() as producer:
        try:
            producer.hello("wal")
        except (AssertionError, OSError):  # it may hang up before anything is said
            return False
        return True
