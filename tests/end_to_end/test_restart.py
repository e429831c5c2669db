"""What a restart, the retention and the settings do to what is stored."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.oracle.events import change, life, start
from tests.oracle.model import Model, Request

from .comparing import differences
from .daemon import Daemon
from .parquet_files import QUICK, compacted_hours, holds, is_compact, partition, rows_in, stored_rows
from .random_history import RandomHistory, new_seed
from .waiting import until

HOUR = 3600
KINDS = ("events", "rollups")


@pytest.mark.parametrize("die", [Daemon.stop, Daemon.kill], ids=["clean stop", "SIGKILL"])
def test_an_operation_in_flight_keeps_its_start(daemon: Daemon, die: Callable[[Daemon], Any]) -> None:
    """Started before the restart and ended after it, an operation has its true latency, type and backend."""
    now = time.time()
    with daemon.producer() as producer:
        producer.hello("wal")
        producer.store(1, [start("long", now - 100, "pin", "s3"), change("long", "processing", now - 90)])
    die(daemon)
    daemon.start()
    distribution = daemon.get("realtime")["status_distribution"]
    assert distribution["pin:s3"]["processing"] == 1
    with daemon.producer() as producer:
        assert producer.hello("wal")["last_batch"] == 1
        producer.store(2, [change("long", "completed", now - 10)])
    (sample,) = daemon.get("metrics", metric_type="operation_latency", aggregation="average")["metrics"][
        "operation_latency"
    ]["pin"]["s3"]
    assert sample["count"] == 1
    assert sample["value"] == pytest.approx(90.0, abs=1e-5)
    assert not any(
        daemon.get("realtime")["status_distribution"]["pin:s3"][status] for status in ("pending", "processing")
    )


@pytest.mark.parametrize("die", [Daemon.stop, Daemon.kill], ids=["clean stop", "SIGKILL"])
def test_an_operation_that_ended_before_a_restart_has_ended(daemon: Daemon, die: Callable[[Daemon], Any]) -> None:
    """A repeat and a contradiction of its end that come after the restart count for nothing."""
    now = time.time()
    with daemon.producer() as producer:
        producer.hello("wal")
        producer.store(1, life("short", now - 100))
    die(daemon)
    daemon.start()
    with daemon.producer() as producer:
        producer.hello("wal")
        producer.store(
            2, [change("short", "completed", now - 50), change("short", "failed", now - 40), start("short", now - 30)]
        )
    assert (daemon.entries("pending"), daemon.entries("completed"), daemon.entries("failed")) == (1, 1, 0)


@pytest.mark.parametrize("die", [Daemon.stop, Daemon.kill], ids=["clean stop", "SIGKILL"])
def test_a_batch_repeated_after_a_restart_is_acknowledged_and_not_stored(
    daemon: Daemon, die: Callable[[Daemon], Any]
) -> None:
    """What counts is the number, not what the batch holds: other events under an old number are not stored."""
    now = time.time()
    with daemon.producer() as producer:
        producer.hello("wal")
        for number in (1, 2, 3):
            producer.store(number, life(f"operation {number}", now - 10))
    die(daemon)
    daemon.start()
    with daemon.producer() as producer:
        assert producer.hello("wal")["last_batch"] == 3
        producer.batch(2, life("operation 2", now - 10))
        producer.batch(3, life("another", now - 10))
        producer.expect_ack(3)
        producer.store(4, life("operation 4", now - 10))
        assert producer.heard == []
    assert daemon.entries("pending") == 4


def test_restarts_do_not_pile_up_rows(daemon: Daemon) -> None:
    """Started again and again without new events, every row is there once."""
    now = time.time()
    with daemon.producer() as producer:
        producer.hello("wal")
        producer.store(1, [event for number in range(50) for event in life(str(number), now - 3 * HOUR + 100 * number)])
    for die in (daemon.kill, daemon.stop, daemon.kill, daemon.kill, daemon.stop):
        die()
        daemon.start()
        assert [daemon.entries(status) for status in ("pending", "processing", "completed")] == [50, 50, 50]


def test_retention_removes_what_is_old_and_nothing_else(new_daemon: Callable[..., Daemon]) -> None:
    """With a day's retention the hours that ended more than a day ago go whole, events and rollups; all others stay."""
    daemon = new_daemon(**QUICK)
    daemon.start()
    now = time.time()
    hour = now // HOUR * HOUR
    ages = (30 * HOUR, 26 * HOUR, 20 * HOUR, 2 * HOUR)
    with daemon.producer() as producer:
        producer.hello("wal")
        producer.store(1, [event for age in ages for event in life(f"{age}", hour - age + 60)])
    old = {partition(hour - age) for age in ages[:2]}
    recent = {partition(hour - age) for age in ages[2:]}
    until(
        lambda: all(is_compact(daemon, kind) and holds(daemon, 12) for kind in KINDS), "all four hours to be compacted"
    )
    assert daemon.partitions().keys() == old | recent
    assert daemon.entries("completed", start_time=hour - 40 * HOUR) == 4
    kept = contents(daemon, recent)
    assert len(kept) == 4

    daemon.configure(retention_days=1)
    until(lambda: all(daemon.partitions(kind).keys() == recent for kind in KINDS), "the old hours to be removed")
    assert contents(daemon, recent) == kept
    assert daemon.entries("completed", start_time=hour - 40 * HOUR) == 2
    folders = [daemon.metrics_path / kind / each for kind in KINDS for each in old]
    # A folder goes after the last of its files.
    until(lambda: not any(each.exists() for each in folders), "their folders to be removed too")

    daemon.restart()
    assert daemon.entries("completed", start_time=hour - 40 * HOUR) == 2
    with daemon.producer() as producer:
        producer.hello("wal")
        producer.batch(2, life("too old", now - 25 * HOUR))
        assert producer.expect_error("too_old")


def contents(daemon: Daemon, hours: set[str]) -> dict[Path, bytes]:
    """Return the files of some hours, of events and of rollups, with what they hold."""
    files = [
        path for kind in KINDS for hour, paths in daemon.partitions(kind).items() if hour in hours for path in paths
    ]
    return {path: path.read_bytes() for path in files}


def test_enabled_goes_off_and_on_without_a_reconnect(daemon: Daemon) -> None:
    """Off, events are acknowledged and not stored and the producer is told; on again, the same connection stores."""
    now = time.time()
    with daemon.producer() as producer:
        assert producer.hello("wal")["enabled"] is True
        producer.store(1, life("before", now - 10))

        assert daemon.configure(enabled=False)["config"]["enabled"] is False
        assert producer.expect("settings")["settings"]["enabled"] is False
        producer.store(2, life("meanwhile", now - 9))
        assert daemon.entries("completed") == 1
        with daemon.producer() as other:
            assert other.hello("another")["enabled"] is False
            other.send_line(start("plain", now - 8))
            other.store(1, life("meanwhile too", now - 8))

        daemon.configure(enabled=True)
        assert producer.expect("settings")["settings"]["enabled"] is True
        producer.store(3, life("after", now - 7))
        assert producer.heard == []
    assert (daemon.entries("pending"), daemon.entries("completed")) == (2, 2)
    assert daemon.stop() == 0
    (books,) = daemon.events("stopped")
    assert (books["stored"], books["discarded"], books["received"]) == (6, 7, 13)


def test_enabled_off_holds_across_a_restart(daemon: Daemon) -> None:
    """What was turned off by the API stays off until it is turned on."""
    daemon.configure(enabled=False)
    daemon.restart()
    with daemon.producer() as producer:
        assert producer.hello("wal")["enabled"] is False
        producer.store(1, life("unwanted", time.time() - 10))
    assert daemon.entries("pending") == 0


def test_without_detailed_timing_only_rollups_stay(new_daemon: Callable[..., Daemon]) -> None:
    """No events file outlives compaction, and every number that minutes can tell is still the oracle's."""
    daemon = new_daemon(IPFS_KIT_TELEMETRY_DETAILED="false", **QUICK)
    daemon.start()
    begin = int(time.time()) // HOUR * HOUR - 3 * HOUR
    seed = new_seed()
    history = RandomHistory(seed, begin, begin + 3 * HOUR, operations=200)
    events = [event for life_ in history.lives for event in life_]
    Random(seed).shuffle(events)
    events.sort(key=lambda event: float(event["timestamp"]))
    with daemon.producer() as producer:
        producer.hello("wal")
        producer.store(1, events)
    until(lambda: len(compacted_hours(daemon, "rollups")) == 3 and not daemon.partitions("events"), "the events to go")
    assert rows_in([path for paths in daemon.partitions("rollups").values() for path in paths]) > 0
    model = Model(events)
    for aggregation in (None, "average", "percentile_95"):
        for interval in (60, 300, 3600):
            request = Request(start_time=begin, end_time=begin + 3 * HOUR, interval=interval, aggregation=aggregation)
            found = daemon.get("metrics", **request.parameters())
            wrong = differences(model.answer(request, found["timestamp"]), found, until_now=False)
            assert not wrong, f"seed {seed}, {request.parameters()}: " + "\n".join(wrong[:10])


def test_detailed_timing_can_be_turned_off_and_on(new_daemon: Callable[..., Daemon]) -> None:
    """Each event is kept, or not, as the setting was when it came; the numbers are of all."""
    daemon = new_daemon(**QUICK)
    daemon.start()
    hour = time.time() // HOUR * HOUR - 2 * HOUR
    with daemon.producer() as producer:
        producer.hello("wal")
        producer.store(1, life("kept", hour + 60))
        daemon.configure(enable_detailed_timing=False)
        producer.store(2, life("summed up", hour + 120))
        daemon.configure(enable_detailed_timing=True)
        producer.store(3, life("kept too", hour + 180))
    until(
        lambda: len(compacted_hours(daemon)) == 1 and stored_rows(daemon) == 6,
        "the hour to hold the detailed events only",
    )
    assert (daemon.entries("pending"), daemon.entries("completed")) == (3, 3)
    daemon.restart()
    assert (daemon.entries("pending"), daemon.entries("completed")) == (3, 3)
