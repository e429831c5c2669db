"""A WAL's process and a daemon's: whichever of them dies, hangs or is replaced, what was safe is stored, once."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from .daemon import Daemon
from .parquet_files import QUICK, stored_rows
from .waiting import until
from .wal import Wal

# A busy machine may be ten times slower than one that is not.
pytestmark = pytest.mark.timeout(600)
STARTS = [("event", "==", "operation_start")]


@pytest.fixture
def daemon(new_daemon: Callable[..., Daemon]) -> Daemon:
    """A daemon that seals at once and is not started yet."""
    return new_daemon(**QUICK)


@pytest.fixture
def new_wal(daemon: Daemon) -> Iterator[Callable[..., Wal]]:
    made: list[Wal] = []

    def make(**arguments: str | Path) -> Wal:
        made.append(Wal(daemon.socket, **arguments))
        return made[-1]

    yield make
    for wal in made:
        wal.kill()


def started(daemon: Daemon) -> Counter[str]:
    """Return how often the start of each operation is in the daemon's files."""
    paths = [path for paths in daemon.partitions().values() for path in paths]
    try:
        tables = [pq.read_table(path, columns=["operation_id"], filters=STARTS) for path in paths]
    except FileNotFoundError:
        return Counter()  # they were compacted meanwhile
    return Counter(each for table in tables for each in table["operation_id"].to_pylist())


def assert_stored_once(daemon: Daemon, count: int) -> None:
    """The starts of ``count`` operations are on disk, and none twice."""
    expected = Counter(f"op-{each}" for each in range(count))
    until(lambda: stored_rows(daemon) >= count, f"{count} operations to be sealed")
    until(lambda: started(daemon) == expected, f"each of {count} operations to be there once")


def test_what_waits_in_the_spool_outlives_the_process(
    daemon: Daemon, new_wal: Callable[..., Wal], short_path: Path
) -> None:
    """No daemon at first, the WAL is killed and comes back twice, and then the daemon comes: nothing is lost."""
    for life in range(3):
        wal = new_wal(spool=short_path / "spool")
        wal.start(1000 * life, 1000)
        assert wal.safe()
        assert wal.statistics["spooled"] == 1000 * (life + 1)
        wal.kill()
    daemon.start()
    assert new_wal(spool=short_path / "spool").flush()
    assert_stored_once(daemon, 3000)


@pytest.mark.parametrize("spooled", [False, True], ids=["buffer", "spool"])
def test_a_daemon_that_is_killed_again_and_again(
    daemon: Daemon, new_wal: Callable[..., Wal], short_path: Path, spooled: bool
) -> None:
    """Events go on coming meanwhile; those that it had stored and not acknowledged are not stored again."""
    wal = new_wal(producer="wal", spool=short_path / "spool" if spooled else "")
    for life in range(4):
        daemon.start()
        wal.start(2000 * life, 1000)
        if life % 2:
            assert wal.flush()
        daemon.kill()
        wal.start(2000 * life + 1000, 1000)
    daemon.start()
    assert wal.flush()
    assert wal.statistics["dropped"] == 0
    assert_stored_once(daemon, 8_000)


def test_a_daemon_that_hangs_while_the_wal_is_killed(
    daemon: Daemon, new_wal: Callable[..., Wal], short_path: Path
) -> None:
    """A stopped daemon acknowledges nothing: after a second the events are in the spool, and the next process sends them."""
    daemon.start()
    wal = new_wal(spool=short_path / "spool")
    wal.start(0, 100)
    assert wal.flush()
    daemon.signal(signal.SIGSTOP)
    wal.start(100, 900)
    assert wal.safe()
    assert not wal.flush(0.01)
    wal.kill()
    again = new_wal(spool=short_path / "spool")
    again.start(1000, 500)
    assert again.safe()
    daemon.signal(signal.SIGCONT)
    assert again.flush()
    assert_stored_once(daemon, 1500)


def test_both_die_in_turn(daemon: Daemon, new_wal: Callable[..., Wal], short_path: Path) -> None:
    """Whatever is under way at that moment has its number in the spool, so it is stored once."""
    count = 0
    for life in range(4):
        daemon.start()
        wal = new_wal(producer="wal", spool=short_path / "spool")
        wal.start(count, 500)
        count += 500
        if life % 3 == 0:
            assert wal.flush()
        daemon.kill()
        wal.start(count, 500)
        count += 500
        assert wal.safe()
        wal.kill()
    daemon.start()
    assert new_wal(producer="wal", spool=short_path / "spool").flush()
    assert_stored_once(daemon, count)


def test_a_process_that_ends_leaves_the_rest_to_the_next_one(
    daemon: Daemon, new_wal: Callable[..., Wal], short_path: Path
) -> None:
    """By its end, or by closing its emitter: within its bound, and without a daemon."""
    wal = new_wal(spool=short_path / "spool")
    wal.start(0, 2000)
    wal.end()
    wal = new_wal(spool=short_path / "spool")
    wal.start(2000, 2000)
    assert not wal.close(0.1)
    assert wal.statistics["spooled"] == 4000
    wal.kill()
    daemon.start()
    assert new_wal(spool=short_path / "spool").flush()
    assert_stored_once(daemon, 4000)


def test_two_processes_with_one_spool(daemon: Daemon, new_wal: Callable[..., Wal], short_path: Path) -> None:
    """The second goes without, under a name of its own, and says so; neither loses or doubles anything."""
    first = new_wal(producer="wal", spool=short_path / "spool")
    first.start(0, 1000)
    assert first.safe()
    second = new_wal(producer="wal", spool=short_path / "spool")
    until(lambda: second.statistics["producer"] != "wal", "the second one to go by another name")
    second.start(1000, 1000)
    daemon.start()
    assert first.flush() and second.flush()
    producers = {first.statistics["producer"], second.statistics["producer"]}
    assert "wal" in producers
    assert len(producers) == 2
    assert_stored_once(daemon, 2000)


def test_another_daemon_with_an_empty_store_takes_over(
    daemon: Daemon, new_daemon: Callable[..., Daemon], new_wal: Callable[..., Wal], short_path: Path
) -> None:
    """It gets what comes from then on and what the first has not acknowledged; what that one has it does not get."""
    daemon.start()
    wal = new_wal(producer="wal", spool=short_path / "spool")
    wal.start(0, 1000)
    assert wal.flush()
    daemon.kill()
    wal.start(1000, 1000)
    assert wal.safe()
    other = new_daemon(**QUICK)
    other.socket = daemon.socket
    other.start()
    wal.start(2000, 1000)
    assert wal.flush()
    until(lambda: started(other) == Counter(f"op-{each}" for each in range(1000, 3000)), "the rest, once")


def test_a_daemon_that_refuses_gets_everything_when_it_does_not(
    daemon: Daemon, new_wal: Callable[..., Wal], short_path: Path
) -> None:
    """A journal that cannot be written: batches are refused, wait in the spool, and are stored once the disk takes them."""
    daemon.start(TELEMETRYD_STORAGE_HEAD_AGE=3600)
    wal = new_wal(spool=short_path / "spool")
    wal.start(0, 100)
    assert wal.flush()
    # No file of the daemon's may grow any more: what a full disk is to it, and it can be undone.
    limit_file_size(daemon.pid, 1)
    wal.start(100, 900)
    assert wal.safe()
    assert not wal.flush(0.01)
    limit_file_size(daemon.pid, -1)
    assert wal.flush()
    daemon.restart(TELEMETRYD_STORAGE_HEAD_AGE=1)
    assert_stored_once(daemon, 1000)


def limit_file_size(pid: int, size: int) -> None:
    """Let no file of a process grow beyond ``size`` bytes; -1 for any size."""
    import resource

    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, -1))
