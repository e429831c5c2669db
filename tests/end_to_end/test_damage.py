"""Whatever bytes lie in the data folder, the daemon starts and has everything that is still whole."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.damage import ODD, put_odd
from tests.oracle.events import life

from .daemon import ROOT, Daemon
from .parquet_files import QUICK, compacted_hours, holds, is_compact
from .waiting import until

HOUR = 3600
NOISE = bytes(range(256)) * 20


@pytest.fixture(scope="module")
def original(new_shared_daemon: Callable[..., Daemon]) -> Path:
    """The data folder of a daemon that was killed: three compacted hours with an operation each, and one that is only in the journal."""
    daemon = new_shared_daemon(**QUICK)
    daemon.start()
    hour = time.time() // HOUR * HOUR
    with daemon.producer() as producer:
        producer.hello("wal")
        producer.store(1, [event for hours in (2, 3, 4) for event in life(f"{hours}", hour - hours * HOUR + 60)])
        until(lambda: is_compact(daemon, "events") and holds(daemon, 9), "three hours to be compacted")
        until(lambda: is_compact(daemon, "rollups"), "their rollups too")
    daemon.restart(TELEMETRYD_STORAGE_HEAD_AGE=3600, TELEMETRYD_STORAGE_SEAL_GRACE=3600)
    with daemon.producer() as producer:
        producer.hello("wal")
        producer.store(2, life("in the journal", time.time() - 5))
    daemon.kill()
    return daemon.metrics_path


@pytest.fixture
def filled(original: Path, new_daemon: Callable[..., Daemon]) -> Daemon:
    """A daemon that is not started yet, on a copy of that folder."""
    daemon = new_daemon(**QUICK)
    shutil.copytree(original, daemon.metrics_path)
    return daemon


def test_files_that_are_not_ours_are_set_aside(filled: Daemon) -> None:
    """Noise, empty files and folders, with names like ours and unlike them: nothing of ours is lost."""
    for name in (
        "events/date=2020-01-01/hour=00/part-00000000000000000900-00000000000000000905.parquet",
        "events/date=2020-01-01/hour=25/hour-00000000000000000900-00000000000000000905.parquet",
        "events/date=today/hour=now/file.parquet",
        "events/noise",
        "rollups/date=2020-01-01/hour=00/part-00000000000000000900-00000000000000000905.parquet",
        "rollups/date=2020-01-01/hour=01/left.tmp",
        "journal/00000000000000000900.closed",
        "journal/99999999999999999999.active",
        "journal/noise.active",
        "settings.json",
        "quarantine/noise",
        "noise",
    ):
        path = filled.metrics_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(NOISE)
    (filled.metrics_path / "journal/00000000000000000800.closed").write_bytes(b"")
    (filled.metrics_path / "journal/folder.active").mkdir()
    filled.start()
    assert [filled.entries(status) for status in ("pending", "processing", "completed")] == [4, 4, 4]
    assert filled.events("quarantined")
    with filled.producer() as producer:
        assert producer.hello("wal")["last_batch"] == 2
        producer.store(3, life("afterwards", time.time() - 5))
    filled.restart()
    assert filled.entries("completed") == 5
    assert filled.events("quarantined") == []


def test_a_damaged_rollup_is_made_anew_from_its_events(filled: Daemon) -> None:
    """The hour's numbers come back, for its events are whole."""
    for path in rollups(filled)[:2]:
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    filled.start()
    until(lambda: filled.entries("completed") == 4, "the rollups to be made anew")
    assert len(filled.events("quarantined")) == 2


def test_a_damaged_events_file_leaves_the_numbers(filled: Daemon) -> None:
    """The hour's rollup still tells them; only the operations themselves are gone."""
    damaged = sorted(filled.partitions().items())[0][1][0]
    damaged.write_bytes(NOISE)
    filled.start()
    assert filled.entries("completed") == 4
    assert filled.ask("GET", "operations/4").status_code == 404
    assert filled.ask("GET", "operations/3").status_code == 200


@pytest.mark.parametrize("cut", [1, 7, 40])
def test_a_torn_journal_keeps_what_is_before_the_tear(filled: Daemon, cut: int) -> None:
    """A last record that is incomplete never happened; all that was acknowledged before it did."""
    active = sorted((filled.metrics_path / "journal").iterdir())[-1]
    active.write_bytes(active.read_bytes() + NOISE[:cut])
    filled.start()
    assert filled.entries("completed") == 4


def rollups(daemon: Daemon) -> list[Path]:
    """Return all rollup files."""
    return [path for paths in daemon.partitions("rollups").values() for path in paths]


def test_a_lost_rollup_is_answered_from_the_events_at_once(filled: Daemon) -> None:
    """Whether its footer or its pages are damaged: no number is missing at any moment."""
    hours = filled.partitions("rollups").keys()
    for path, place in zip(rollups(filled), (-60, 300, 40), strict=True):
        flip(path, place)
    filled.start()
    assert [filled.entries(status) for status in ("pending", "processing", "completed")] == [4, 4, 4]
    assert len(filled.events("quarantined")) == 3
    # What was in the journal is sealed meanwhile, and compacted where its hour is over.
    until(lambda: hours <= set(compacted_hours(filled, "rollups")), "the rollups to be made anew")
    assert filled.entries("completed") == 4


def test_events_that_are_damaged_while_the_daemon_runs_are_set_aside_when_they_are_asked_for(filled: Daemon) -> None:
    """The question is answered from the rest, and the numbers stay."""
    filled.start()
    paths = sorted(path for paths in filled.partitions().values() for path in paths)
    flip(paths[0], 300)
    assert filled.ask("GET", "operations/4").status_code == 404
    assert filled.ask("GET", "operations/3").status_code == 200
    assert [line["path"] for line in filled.events("quarantined")] == [str(paths[0])]
    assert filled.entries("completed") == 4


@pytest.mark.parametrize("kind", ODD)
def test_what_is_no_file_keeps_no_start_waiting(filled: Daemon, kind: str) -> None:
    """A pipe, a device, a link or a folder, in place of a rollup, of the settings, of the lock, and of what is made."""
    names = [str(rollups(filled)[0].relative_to(filled.metrics_path)), "settings.json", "lock", "probe.tmp", "events/x"]
    for name in names:
        path = filled.metrics_path / name
        path.unlink(missing_ok=True)
        put_odd(path, kind)
    filled.start()
    assert filled.entries("completed") == 4
    assert filled.configure(retention_days=20)["success"]
    filled.restart()
    assert filled.entries("completed") == 4
    assert filled.get("config")["config"]["retention_days"] == 20


def test_fsck_tells_of_a_running_daemon_and_mends_after_it(filled: Daemon) -> None:
    """While it runs, who it is; afterwards what is wrong, once; and the daemon goes on with what was mended."""
    flip(rollups(filled)[1], 200)
    assert fsck(filled)["clean"] is False
    assert fsck(filled, "--repair")["clean"] is False
    assert fsck(filled)["clean"] is True
    filled.start()
    assert fsck(filled)["in_use_by_process"] == str(filled.pid)
    assert filled.events("quarantined") == []
    assert filled.entries("completed") == 4


def fsck(daemon: Daemon, *arguments: str) -> Any:
    """Return what `telemetryd fsck` says of the daemon's folder."""
    command = [sys.executable, "-m", "telemetryd", "fsck", "--json", "--metrics-path", str(daemon.metrics_path)]
    environment = {"HOME": str(daemon.folder), "PYTHONPATH": str(ROOT)}
    return json.loads(subprocess.run([*command, *arguments], env=environment, capture_output=True, check=False).stdout)


def flip(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 16
    path.write_bytes(data)
