"""A host's clock that steps by hours, in both directions, and the hours that daylight saving skips and repeats."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.oracle.events import life

from .daemon import Daemon
from .parquet_files import QUICK, partition, rows_in

# A busy machine may be ten times slower than one that is not.
pytestmark = pytest.mark.timeout(600)
HOUR = 3600
Host = tuple[Daemon, Callable[[float], None], Callable[[], float]]


@pytest.fixture
def host(new_daemon: Callable[..., Daemon], tmp_path: Path) -> Host:
    """A daemon that is not started yet, what steps its clock to so many seconds from the real one, and its clock."""
    offset = tmp_path / "offset"

    def step(seconds: float) -> None:
        new = tmp_path / "new"
        new.write_text(str(seconds))
        new.rename(offset)

    step(0)
    daemon = new_daemon(**QUICK)
    daemon.program = ("-m", "tests.end_to_end.stepped_clock", str(offset))
    return daemon, step, lambda: time.time() + float(offset.read_text())


@pytest.mark.parametrize("die", [None, Daemon.stop, Daemon.kill], ids=["running on", "clean stop", "SIGKILL"])
def test_steps_of_hours_in_both_directions(host: Host, die: Callable[[Daemon], object] | None) -> None:
    """What is acknowledged before and after each is stored once, at the time it was told of, and answered."""
    daemon, step, now = host
    daemon.start()
    begin = time.time()
    told: list[float] = []
    for number, hours in enumerate((0, 5, -7, 3, -2, 0), start=1):
        step(hours * HOUR)
        if die is not None:
            die(daemon)
            daemon.start()
        with daemon.producer() as producer:
            assert producer.hello("wal")["last_batch"] == number - 1
            told.append(now() - 60)
            producer.store(number, life(f"at {hours} {number}", told[-1]))
            assert producer.heard == []
        found = daemon.get("realtime")
        assert found["throughput"]["overall"] > 0
    wide = {"start_time": begin - 10 * HOUR, "end_time": begin + 10 * HOUR}
    assert [daemon.entries(status, **wide) for status in ("pending", "processing", "completed")] == [6, 6, 6]
    for at in told:
        near = {"start_time": at - 60, "end_time": at + 120}
        assert daemon.entries("completed", **near) >= 1
    assert daemon.stop() == 0
    assert sum(rows_in(paths) for paths in daemon.partitions().values()) == 18
    assert {partition(at) for at in told} <= daemon.partitions().keys()


def test_what_is_ahead_of_a_clock_that_went_back_is_refused_by_event(host: Host) -> None:
    """As any event from the future is: told, counted, and the rest of its batch stored."""
    daemon, step, now = host
    daemon.start()
    ahead = now()
    step(-2 * HOUR)
    with daemon.producer() as producer:
        producer.hello("wal")
        producer.store(1, [*life("ahead", ahead), *life("right", now() - 10)])
        for _ in range(3):
            producer.expect_error("too_far_ahead")
    assert daemon.entries("completed") == 1
    assert daemon.books()["rejected_by_reason"] == {"too_far_ahead": 3}


@pytest.mark.parametrize(
    "changes", [datetime(2026, 3, 8, 7, tzinfo=UTC), datetime(2026, 11, 1, 6, tzinfo=UTC)], ids=["spring", "autumn"]
)
def test_daylight_saving_skips_and_repeats_no_hour(host: Host, changes: datetime) -> None:
    """In New York's time zone, four hours around the change are four partitions, and each sample is its own."""
    daemon, step, now = host
    middle = changes.timestamp()
    step(middle + 3 * HOUR - time.time())
    daemon.start(TZ="America/New_York")
    hours = [middle + HOUR * each for each in (-2, -1, 0, 1)]
    with daemon.producer() as producer:
        producer.hello("wal")
        for number, hour in enumerate(hours, start=1):
            producer.store(number, life(f"in {number}", hour + 1800))
    found = daemon.get("metrics", metric_type="operation_count", interval=HOUR, start_time=hours[0], end_time=now())
    samples = found["metrics"]["operation_count"]["add"]["ipfs"]
    assert [(sample["timestamp"], sample["count"]) for sample in samples if sample["count"]] == [
        (hour, 1) for hour in hours
    ]
    assert daemon.stop() == 0
    assert daemon.partitions().keys() == {partition(hour) for hour in hours}
