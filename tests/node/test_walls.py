"""What the shipped units allow is enough for the daemon's whole job, and little more."""

from __future__ import annotations

import json
import subprocess
import time

import pytest

from telemetryd.hooks import Emitter
from tests.charts.rendering import needs_browser, size_of
from tests.end_to_end.waiting import until

from .unit import Unit

# A busy machine may be ten times slower than one that is not.
pytestmark = pytest.mark.timeout(600)

API = "/api/v0/wal/telemetry"
CONNECT = "import socket; socket.socket(socket.AF_UNIX).connect('/run/telemetryd/ingest.sock')"


def of_the_process(unit: Unit, pid: str) -> dict[str, str]:
    """Return what the node's kernel says of a process."""
    lines = unit.systemd.run("cat", f"/proc/{pid}/status").splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def within(unit: Unit, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command as root among the files that the daemon sees."""
    return tried_to(unit, "nsenter", "-m", "-t", unit.pid, "--", *command)


def tried_to(unit: Unit, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command on the node, and return what came of it."""
    try:
        return subprocess.CompletedProcess(command, 0, unit.systemd.run(*command), "")
    except subprocess.CalledProcessError as error:
        return subprocess.CompletedProcess(command, error.returncode, error.stdout, error.stderr)


@needs_browser
def test_the_whole_job_is_done_behind_the_walls(unit: Unit) -> None:
    """Events by the hooks, numbers, a report, HTML and PNG charts; the browser draws in its own sandbox."""
    emitter = Emitter(unit.ingest, "wal")
    for number in range(500):
        emitter.operation_start(f"walls-{number}", "pin", "s3", size=4096)
        emitter.status_change(f"walls-{number}", "completed" if number % 5 else "failed")
    assert emitter.flush(60) and emitter.close(60)

    status, body = unit.fetch(f"{API}/metrics?metric_type=success_rate&operation_type=pin&aggregation=average")
    assert status == 200
    (sample,) = json.loads(body)["metrics"]["success_rate"]["pin"]["s3"]
    assert (sample["value"], sample["count"]) == (0.8, 500)

    status, png = unit.fetch(f"{API}/visualization/operation_latency?width=8&height=5")
    assert (status, size_of(png)) == (200, (800, 500))
    status, page = unit.fetch(f"{API}/visualization/operation_latency?format=html")
    assert (status, page[:15].lower()) == (200, b"<!doctype html>")
    started = until(lambda: _browsers(unit), "the journal to tell of the browser")
    assert started[-1]["sandbox"] == "on"

    status, body = unit.fetch(f"{API}/report", "POST")
    assert status == 200
    report = json.loads(body)["report_id"]
    done = until(lambda: _finished(unit, report), "the report to be done")
    assert done["status"] == "done", done

    unit.restart()
    parquet = unit.systemd.run("find", "/var/lib/telemetryd/telemetry/events", "-name", "*.parquet")
    assert parquet
    assert not [line for line in unit.systemd.journal() if line.get("level") == "error"]


def _browsers(unit: Unit) -> list[dict[str, object]]:
    return [line for line in unit.systemd.journal() if line.get("event") == "chart browser started"]


def _finished(unit: Unit, report: str) -> dict[str, str] | None:
    status, body = unit.fetch(f"{API}/reports/{report}/report.json")
    assert status == 200, body
    found: dict[str, str] = json.loads(body)
    return found if found["status"] != "running" else None


def test_the_daemon_has_no_rights(unit: Unit) -> None:
    """A user of its own, no capability, none to gain, a filter for its system calls."""
    found = of_the_process(unit, unit.pid)
    user = unit.systemd.run("id", "-u", "telemetryd").strip()
    assert found["Uid"].split() == [user] * 4
    assert {found[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
    assert (found["NoNewPrivs"], found["Seccomp"]) == ("1", "2")


def test_the_daemon_has_no_network(unit: Unit) -> None:
    """Its own has a loopback and nothing else; what it answers on is systemd's."""
    own = unit.systemd.run("readlink", f"/proc/{unit.pid}/ns/net")
    assert own != unit.systemd.run("readlink", "/proc/1/ns/net")
    devices = unit.systemd.run("cat", f"/proc/{unit.pid}/net/dev").splitlines()[2:]
    assert [line.split(":")[0].strip() for line in devices] == ["lo"]


@pytest.mark.parametrize("folder", ["/etc", "/usr", "/var/lib", "/run", "/run/telemetryd", "/opt/telemetryd"])
def test_what_is_not_its_own_is_read_only(unit: Unit, folder: str) -> None:
    """To root, even."""
    tried = within(unit, "touch", f"{folder}/telemetryd-test")
    assert "Read-only file system" in tried.stderr


@pytest.mark.parametrize("folder", ["/var/lib/telemetryd", "/run/telemetryd/daemon", "/tmp"])
def test_its_own_folders_can_be_written(unit: Unit, folder: str) -> None:
    """The last one is not that of others."""
    assert within(unit, "touch", f"{folder}/telemetryd-test").returncode == 0
    assert within(unit, "rm", f"{folder}/telemetryd-test").returncode == 0


@pytest.mark.parametrize(("groups", "code"), [("telemetryd-wal", 0), ("nogroup", 1), ("telemetryd", 1)])
def test_members_of_one_group_may_send_events(unit: Unit, groups: str, code: int) -> None:
    """And nobody else; to read the store is another right."""
    someone = ["setpriv", "--reuid=nobody", "--regid=nogroup", f"--groups={groups}"]
    python = ["/opt/telemetryd/bin/python3", "-c", CONNECT]
    tried = tried_to(unit, *someone, *python)
    assert (tried.returncode, "PermissionError" in tried.stderr) == (code, code != 0)


def test_what_draws_cannot_reach_the_daemons_data(unit: Unit) -> None:
    """It runs as a user that exists as long as it does, and the daemon's folders are closed to it."""
    unit.fetch(f"{API}/visualization/queue_size?format=json&interval=60&end_time={time.time()}")
    renderer = unit.systemd.run("systemctl", "list-units", "--plain", "--no-legend", "telemetryd-renderer@*").split()[0]
    pid = unit.systemd.show("MainPID", renderer)
    found = of_the_process(unit, pid)
    assert found["Uid"].split()[0] != unit.systemd.run("id", "-u", "telemetryd").strip() != "0"
    assert found["CapBnd"] == "0" * 16
    for folder in ("/var/lib/telemetryd", "/run/telemetryd", "/etc/telemetryd"):
        assert unit.systemd.run("nsenter", "-m", "-t", pid, "--", "stat", "-c", "%a %s", folder).split()[0] == "0"


def test_tokens_come_as_a_credential(unit: Unit) -> None:
    """From a file that root alone can read; a reload of the unit finds nothing wrong with it."""
    token = "a-token-of-more-than-thirty-two-characters"
    unit.systemd.write("/etc/credstore/telemetryd.tokens", f"read someone {token}\n")
    unit.restart()
    try:
        assert unit.fetch(f"{API}/config")[0] == 401
        assert unit.systemd.fetch(f"{API}/config", Authorization=f"Bearer {token}")[0] == 200
        unit.reload()
    finally:
        unit.systemd.run("rm", "/etc/credstore/telemetryd.tokens")
        unit.restart()
    assert unit.fetch(f"{API}/config")[0] == 200
