"""A disk that is full, for real: a small filesystem of its own, filled and freed while producers run."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from tests.torture.account import settle, wrong_answers
from tests.torture.load import Load
from tests.torture.notes import read

from .daemon import ROOT, Daemon
from .parquet_files import QUICK
from .random_history import new_seed
from .waiting import until

# A busy machine may be ten times slower than one that is not.
pytestmark = pytest.mark.timeout(600)
ROUNDS = 3
NAMES = ("one", "two")


def _mountable() -> bool:
    if os.geteuid() or shutil.which("mount") is None:
        return False
    done = subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, check=False)
    return done.returncode == 0


@pytest.fixture
def small_disk(short_path: Path) -> Iterator[Path]:
    """A filesystem of 24 MiB and 400 inodes."""
    place = short_path / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m,nr_inodes=400", "tmpfs", place], check=True)
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


@pytest.fixture
def producers(short_path: Path) -> Iterator[Callable[[Daemon, Load], list[subprocess.Popen[bytes]]]]:
    """Start producers that send without a pause, one for each of the names."""
    started: list[subprocess.Popen[bytes]] = []

    def start(daemon: Daemon, load: Load) -> list[subprocess.Popen[bytes]]:
        for name in NAMES:
            arguments = [daemon.socket, name, str(load.seed), str(load.at), str(short_path / name), "0.02"]
            command = [sys.executable, "-m", "tests.torture.raw_producer", *arguments]
            started.append(subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE))
        return started

    yield start
    for process in started:
        process.kill()
        process.communicate()


def fill_bytes(place: Path) -> None:
    """Leave no byte."""
    with (place / "filler").open("ab", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            with _until_full():
                while True:
                    file.write(bytes(size))


def fill_inodes(place: Path) -> None:
    """Leave no room for one more name."""
    (place / "fillers").mkdir(exist_ok=True)
    with _until_full():
        for number in count():
            (place / "fillers" / str(number)).touch()


@contextmanager
def _until_full() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise


def counted_after(daemon: Daemon, before: int) -> int:
    """Return how many events were refused for want of room, where there are more of them than before."""
    count: int = daemon.books()["rejected_by_reason"].get("storage_unavailable", 0)
    return count if count > before else 0


def free(place: Path) -> None:
    (place / "filler").unlink(missing_ok=True)
    shutil.rmtree(place / "fillers", ignore_errors=True)


@pytest.mark.skipif(not _mountable(), reason="mounting a filesystem needs root")
@pytest.mark.parametrize("fill", [fill_bytes, fill_inodes])
def test_a_full_disk_costs_nothing_acknowledged_and_no_restart_where_root_may_mount(
    fill: Callable[[Path], None],
    small_disk: Path,
    short_path: Path,
    new_daemon: Callable[..., Daemon],
    producers: Callable[[Daemon, Load], list[subprocess.Popen[bytes]]],
) -> None:
    """The daemon refuses, says why, counts it, serves reads, and goes on by itself once there is room: again and again."""
    # Room in memory for all rows of a round: where there is none, refusals wait 10 s for it.
    daemon = new_daemon(**QUICK, TELEMETRYD_STORAGE_HEAD_ROWS=10_000)
    daemon.metrics_path = small_disk / "metrics"
    daemon.start()
    pid = daemon.pid
    load = Load(new_seed(), int(time.time()))
    running = producers(daemon, load)
    counted = 0
    for _ in range(ROUNDS):
        until_stored(short_path)
        # The daemon removes what it could not complete, so one filling is not enough.
        told = until(lambda: fill(small_disk) or refusing(daemon), "the daemon to refuse, and to say so")
        assert any("No space left on device" in reason for reason in told)
        assert daemon.ask("GET", "/-/ready").status_code == 503
        # Upkeep may be the first to find no room: the next batch is refused then.
        counted = until(partial(counted_after, daemon, counted), "events that are refused to be counted")
        assert daemon.entries(start_time=load.at - 5 * 3600) > 0
        assert all(process.poll() is None for process in running)

        free(small_disk)
        until(lambda: not reasons(daemon), "the daemon to be ready again")
    until_stored(short_path)
    for process in running:
        process.terminate()
    assert [process.wait(60) for process in running] == [0, 0]
    assert daemon.pid == pid
    assert wrong_answers(daemon, load, short_path, list(NAMES))[1] == []
    assert daemon.stop() == 0
    account = settle(load, short_path, daemon.metrics_path, list(NAMES), [])
    assert (account.lost, account.duplicated, account.invented) == (0, 0, 0)
    assert account.stored >= account.acknowledged > 0
    refused = sum((short_path / name).read_text().count("nacked") for name in NAMES)
    assert refused >= ROUNDS
    # For `pytest -s`: what docs/reliability.md tells of.
    print(
        f"{ROUNDS} times full, {refused} refusals, {account.acknowledged} events acknowledged, all of them stored once"
    )
    assert "Traceback" not in daemon.log


def until_stored(folder: Path) -> None:
    """Wait until more is acknowledged than now."""
    before = acknowledged(folder)
    until(lambda: acknowledged(folder) > before + 20, "batches to be stored")


def acknowledged(folder: Path) -> int:
    """Return how many batches are acknowledged."""
    return sum(read(folder / name).get("acked", 0) for name in NAMES)


def reasons(daemon: Daemon) -> list[str]:
    """Return why the daemon is not ready, by its own words."""
    return list(daemon.ask("GET", "/-/ready").json()["reasons"])


def refusing(daemon: Daemon) -> list[str]:
    """Return why the journal cannot be written, by the daemon's own words."""
    return [each for each in reasons(daemon) if "journal" in each]
