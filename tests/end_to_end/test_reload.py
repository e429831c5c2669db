"""SIGHUP: the settings are read again by a daemon that goes on with its work."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from telemetryd import hooks
from tests.oracle.events import life

from .daemon import Daemon
from .waiting import until


@pytest.fixture
def file(short_path: Path) -> Path:
    path = short_path / "telemetryd.toml"
    path.write_text("[telemetry]\nretention_days = 7\n")
    return path


@pytest.fixture
def configured(new_daemon: Callable[..., Daemon], file: Path) -> Daemon:
    """A daemon that is ready and has a file."""
    made = new_daemon()
    made.start("--config", str(file))
    return made


def hang_up(daemon: Daemon, says: str = "reloaded") -> dict[str, Any]:
    """Send SIGHUP, and return the line that tells how it went."""
    before = len(daemon.events(says))
    daemon.signal(signal.SIGHUP)
    until(lambda: len(daemon.events(says)) > before, f"{says!r} in the log:\n{daemon.log}")
    return daemon.events(says)[-1]


def test_a_reload_changes_what_can_change_at_once_and_tells_the_rest(configured: Daemon, file: Path) -> None:
    """What changed, what waits for a restart, and the hash that check-config prints for the same file."""
    file.write_text("[telemetry]\nretention_days = 8\n[http]\nmax_streams = 3\n[query]\ntimeout = 5\n")
    reloaded = hang_up(configured)
    assert (reloaded["changed"], reloaded["waiting"]) == (2, 1)
    assert {line["setting"]: (line["old"], line["new"]) for line in configured.events("setting changed")} == {
        "telemetry.retention_days": ("7", "8"),
        "query.timeout": ("30", "5"),
    }
    (waits,) = configured.events("setting waits for a restart")
    assert (waits["setting"], waits["in_force"], waits["at_restart"]) == ("http.max_streams", "64", "3")
    assert configured.get("config")["config"]["retention_days"] == 8
    assert reloaded["configuration"] != configured.events("configured")[0]["configuration"]


def test_a_bad_file_changes_nothing(configured: Daemon, file: Path) -> None:
    """The daemon runs on, says each mistake, and takes the file once it is right."""
    hash_before = configured.events("configured")[0]["configuration"]
    file.write_text("[telemetry]\nretention_days = 0\nenabeld = false\nsampling_interval = 10\n")
    refused = hang_up(configured, "reload refused: the settings in force stay")
    assert (refused["configuration"], refused["mistakes"], refused["level"]) == (hash_before, 2, "error")
    told = {line["mistake"] for line in configured.events("setting wrong")}
    assert told == {
        f"telemetry.enabeld: expected the name of a setting, found none of them; did you mean telemetry.enabled? (file {file})",
        f"telemetry.retention_days: expected a whole number of days from 1 to 3650, found 0 (file {file})",
    }
    config = configured.get("config")["config"]
    assert (config["retention_days"], config["sampling_interval"], config["enabled"]) == (7, 60, True)
    file.write_text("[telemetry]\nsampling_interval = 10\n")
    hang_up(configured)
    config = configured.get("config")["config"]
    assert (config["retention_days"], config["sampling_interval"]) == (30, 10)


def test_what_the_api_stored_wins_before_and_after(configured: Daemon, file: Path) -> None:
    """Precedence is the same as at a start."""
    configured.configure(retention_days=9)
    file.write_text("[telemetry]\nretention_days = 8\nsampling_interval = 10\n")
    assert hang_up(configured)["changed"] == 1
    config = configured.get("config")["config"]
    assert (config["retention_days"], config["sampling_interval"]) == (9, 10)
    configured.restart()
    assert configured.get("config")["config"]["retention_days"] == 9


def test_the_log_tells_less_from_now_on(configured: Daemon, file: Path) -> None:
    """Its level is one of the settings that change at once; what is above it is told as ever."""
    file.write_text("[telemetry]\nretention_days = 8\n[log]\nlevel = 'error'\n")
    configured.signal(signal.SIGHUP)
    until(lambda: configured.get("config")["config"]["retention_days"] == 8, "the reload")
    file.write_text("nonsense = 1\n")
    hang_up(configured, "setting wrong")
    assert not configured.events("reloaded") and not configured.events("setting changed")


def test_producers_are_told_when_events_are_not_wanted(configured: Daemon, file: Path) -> None:
    """As after a change over the API; and the events of such a producer count as discarded."""
    with configured.producer() as producer:
        assert producer.hello("wal")["enabled"] is True
        file.write_text("[telemetry]\nenabled = false\n")
        hang_up(configured)
        assert producer.expect("settings")["settings"] == {"enabled": False}
        producer.store(1, life("unwanted", time.time() - 10))
    assert configured.books()["discarded"] == len(life("unwanted", 0))


def test_a_reload_under_load_loses_nothing(configured: Daemon, file: Path) -> None:
    """A producer sends and a client asks while the settings are read over and over, right and wrong."""
    stop = threading.Event()
    answers: list[int] = []
    emitter = hooks.Emitter(configured.socket, "under load")

    def ask() -> None:
        while not stop.is_set():
            answers.append(configured.ask("GET", "realtime").status_code)

    def work() -> None:
        number = 0
        while not stop.wait(0.001):
            emitter.operation_start(f"{number}", "add", "ipfs")
            emitter.status_change(f"{number}", "completed")
            number += 1

    threads = [threading.Thread(target=ask), threading.Thread(target=work)]
    for thread in threads:
        thread.start()
    try:
        for number in range(10):
            file.write_text(f"[storage]\nhead_rows = {1000 + number}\n[ingest]\nmax_connections = {10 + number}\n")
            assert hang_up(configured)["changed"] >= 2
            file.write_text("[storage]\nhead_rows = 1\n")
            hang_up(configured, "reload refused: the settings in force stay")
    finally:
        stop.set()
        for thread in threads:
            thread.join(60)
    assert emitter.close(60)
    told = emitter.statistics()
    assert told.acked == told.sent > 0 and told.dropped == told.errors == 0
    assert set(answers) == {200}
    books = configured.books()
    assert books["stored"] == books["received"] == 2 * configured.entries("completed")
    assert configured.stop() == 0


# A daemon that has read its settings and waits for a file before it imports what it runs on.
WAITS_BEFORE_IT_RUNS = """
import pathlib, sys, time
from telemetryd.cli import main

class Wait:
    def find_spec(self, name, path=None, target=None):
        if name == "telemetryd.daemon":
            pathlib.Path("waits").touch()
            while not pathlib.Path("go on").exists():
                time.sleep(0.01)

sys.meta_path.insert(0, Wait())
sys.exit(main())
"""


def test_a_hangup_before_the_daemon_is_ready_is_a_reload_and_no_end(configured: Daemon, file: Path) -> None:
    """Whoever asks too early is served as soon as that is possible."""
    configured.stop()
    configured.program = ("-c", WAITS_BEFORE_IT_RUNS)
    configured.launch("--config", str(file))
    until((configured.folder / "waits").exists, "it to have read its settings")
    assert _blocks_hangups(Path(f"/proc/{configured.pid}/status").read_text())
    configured.signal(signal.SIGHUP)
    (configured.folder / "go on").touch()
    until(lambda: configured.events("reloaded"), f"a reload; the log:\n{configured.log}")
    assert configured.alive


def test_a_terminal_that_is_gone_ends_the_daemon(configured: Daemon) -> None:
    """Who closes the window it runs in wants it to end: it stores what it took."""
    configured.stop()
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "telemetryd", "serve", "--http", "127.0.0.1:0"]
    command += ["--socket", configured.socket, "--metrics-path", str(configured.metrics_path)]
    process = subprocess.Popen(command, stderr=theirs, stdin=theirs, env=configured.environment())
    os.close(theirs)
    try:
        said = b""
        while b"serving" not in said:
            said += os.read(ours, 65536)
        process.send_signal(signal.SIGHUP)
        while b"reloaded" not in said:
            said += os.read(ours, 65536)
        os.close(ours)
        process.send_signal(signal.SIGHUP)
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()


def _blocks_hangups(status: str) -> bool:
    """Whether signal 1 is blocked, as /proc tells it."""
    blocked = next(line for line in status.splitlines() if line.startswith("SigBlk:"))
    return bool(int(blocked.split()[1], 16) & 1)
