from __future__ import annotations

import enum
import gc
import itertools
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from telemetryd.hooks import Emitter
from tests.end_to_end.waiting import until

from .scripted_daemon import ScriptedDaemon
from .test_notes import Backend, Hostile

NewEmitter = Callable[..., Emitter]


class Status(enum.Enum):
    PROCESSING = "processing"


def test_calls_arrive_as_events(daemon: ScriptedDaemon, emitter: Emitter) -> None:
    """Each call is one event, with the arguments it was given and no others."""
    before = time.time()
    emitter.operation_start("a", "add", "ipfs", size=7)
    emitter.status_change("a", "failed", latency=0.5, retry_count=2, error="no route", error_type="OSError")
    emitter.backend_health_change("ipfs", "online", "offline")
    assert emitter.flush(60)
    start, status, health = daemon.events
    for event in (start, status, health):
        assert before - 1 < event.pop("timestamp") < time.time() + 1
    assert start == {
        "event": "operation_start",
        "operation_id": "a",
        "operation_type": "add",
        "backend": "ipfs",
        "size": 7,
    }
    assert status == {
        "event": "status_change",
        "operation_id": "a",
        "status": "failed",
        "latency": 0.5,
        "retry_count": 2,
        "error": "no route",
        "error_type": "OSError",
    }
    assert health == {
        "event": "backend_health_change",
        "backend": "ipfs",
        "old_status": "online",
        "new_status": "offline",
    }


def test_enums_are_words(daemon: ScriptedDaemon, emitter: Emitter) -> None:
    """The WAL's own enums may be passed as they are."""
    emitter.status_change("a", Status.PROCESSING, backend=Backend.IPFS)
    assert emitter.flush(60)
    assert [(event["status"], event["backend"]) for event in daemon.events] == [("processing", "ipfs")]


@pytest.mark.parametrize("bad", [None, 3, 1.5, b"x", [], {}, object(), Hostile, "x" * 1000, "\udcff", float("nan")])
def test_no_argument_makes_a_call_raise(daemon: ScriptedDaemon, emitter: Emitter, bad: Any) -> None:
    """Whatever the arguments are, the call returns, and the next event is sent."""
    bad = Hostile() if bad is Hostile else bad  # pytest itself would stumble over one
    emitter.operation_start(bad, bad, bad, bad, at=bad)
    emitter.status_change(bad, bad, bad, bad, bad, bad, bad, bad, bad, at=bad)
    emitter.status_change("known", "completed", bad, bad, bad, bad, bad, bad, bad, at=bad)
    emitter.backend_health_change(bad, bad, bad, at=bad)
    emitter.status_change("last", "completed")
    assert emitter.flush(60)
    assert [event["operation_id"] for event in daemon.events if event.get("status") == "completed"] == ["known", "last"]


def test_unusable_arguments_are_counted(daemon: ScriptedDaemon, emitter: Emitter) -> None:
    """What was left out can be seen."""
    emitter.operation_start(None, "add", "ipfs")  # type: ignore[arg-type]
    emitter.status_change("a", "completed", size="much")  # type: ignore[arg-type]
    assert emitter.flush(60)
    assert emitter.statistics().invalid == 2


def test_a_status_in_another_case_is_not_processing(new_emitter: NewEmitter) -> None:
    """Only `processing` itself is given up first, whether as a word or as an enum."""
    emitter = new_emitter(capacity=2)
    emitter.status_change("a", Status.PROCESSING)
    emitter.status_change("b", "processing")
    emitter.status_change("c", "completed")
    emitter.status_change("d", "completed")
    emitter.status_change("e", "completed")
    statistics = emitter.statistics()
    assert (statistics.buffered, statistics.dropped) == (2, 3)


def test_without_a_daemon_calls_cost_memory_up_to_the_capacity(new_emitter: NewEmitter) -> None:
    """Beyond it events are dropped and counted, and no call waits or raises."""
    emitter = new_emitter(capacity=100)
    for number in range(1_000):
        emitter.operation_start(str(number), "add", "ipfs")
    statistics = emitter.statistics()
    assert (statistics.buffered, statistics.dropped, statistics.connected) == (100, 900, False)
    assert not emitter.flush(0.05)


def test_statistics_follow_the_events(daemon: ScriptedDaemon, emitter: Emitter) -> None:
    """Buffered, then under way, then acknowledged; nothing is counted in two places at the end."""
    emitter.operation_start("a", "add", "ipfs")
    assert emitter.flush(60)
    statistics = emitter.statistics()
    assert statistics.connected
    assert statistics.producer == "wal"
    assert (statistics.sent, statistics.acked, statistics.unacked, statistics.buffered) == (1, 1, 0, 0)
    assert (statistics.dropped, statistics.discarded, statistics.invalid, statistics.errors) == (0, 0, 0, 0)


def test_flushing_means_acknowledged(daemon: ScriptedDaemon, emitter: Emitter) -> None:
    """Sent is not enough."""
    daemon.answers = lambda number: []
    emitter.operation_start("a", "add", "ipfs")
    until(lambda: daemon.batches, "the batch")
    assert not emitter.flush(0.05)
    daemon.say({"ack": 1})
    assert emitter.flush(60)


def test_flushing_is_done_at_once_where_nothing_was_noted(stopped_daemon: ScriptedDaemon, emitter: Emitter) -> None:
    """An emitter that nobody used has no thread, and none is started to say so."""
    threads = set(threading.enumerate())
    assert emitter.flush(60)
    assert emitter.close(60)
    assert set(threading.enumerate()) <= threads


def test_a_closed_emitter_takes_nothing_more(daemon: ScriptedDaemon, emitter: Emitter) -> None:
    """Closing sends what is there and ends the thread; later calls are counted as discarded."""
    emitter.operation_start("a", "add", "ipfs")
    assert emitter.close(60)
    until(lambda: daemon.connections == 0, "the end of the connection")
    emitter.operation_start("b", "add", "ipfs")
    assert emitter.close(60)
    assert [event["operation_id"] for event in daemon.events] == ["a"]
    assert emitter.statistics().discarded == 1


def test_draining_gives_up_where_there_is_no_daemon(new_emitter: NewEmitter) -> None:
    """A process that ends does not wait for a daemon that is not there: the first miss is enough."""
    emitter = new_emitter()
    emitter.operation_start("a", "add", "ipfs")
    assert not emitter.drain(3600)


def test_discarding_is_counted(daemon: ScriptedDaemon, emitter: Emitter) -> None:
    """While the daemon wants nothing, calls are counted and leave nothing behind."""
    emitter.operation_start("a", "add", "ipfs")
    assert emitter.flush(60)
    daemon.say({"settings": {"enabled": False}})

    def discarded() -> int:
        emitter.status_change("a", "completed")
        return emitter.statistics().discarded

    until(discarded, "the settings to be heard")
    emitter.backend_health_change("s3", None, "online")
    emitter.operation_start("b", "add", "ipfs")
    until(lambda: emitter.statistics().buffered == 0, "what was noted before they were heard to be discarded")
    assert emitter.statistics().discarded >= 3


def test_a_stepping_wall_clock_bends_no_latency(daemon: ScriptedDaemon, new_emitter: NewEmitter) -> None:
    """An operation keeps the offset of its start; the next operation has the wall clock's new time."""
    hands = {"monotonic": 50.0, "wall": 1_700_000_000.0}
    emitter = new_emitter(monotonic=lambda: hands["monotonic"], wall=lambda: hands["wall"])
    emitter.operation_start("before", "add", "ipfs")
    assert emitter.flush(60)
    hands["monotonic"] += 2.5
    hands["wall"] += 2.5 + 3600

    later = itertools.count()

    def started_after_the_step() -> bool:
        emitter.operation_start(f"after {next(later)}", "add", "ipfs")
        assert emitter.flush(60)
        return bool(daemon.events[-1]["timestamp"] == 1_700_003_602.5)

    until(started_after_the_step, "the sender to look at the clock again")
    emitter.status_change("before", "completed")
    assert emitter.flush(60)
    start, end = daemon.events[0]["timestamp"], daemon.events[-1]["timestamp"]
    assert (start, end) == (1_700_000_000.0, 1_700_000_002.5)


def test_an_instant_may_be_given(daemon: ScriptedDaemon, new_emitter: NewEmitter) -> None:
    """`at` is an instant of the emitter's monotonic clock."""
    emitter = new_emitter(monotonic=lambda: 50.0, wall=lambda: 1_000.0)
    emitter.operation_start("a", "add", "ipfs", at=48.0)
    assert emitter.flush(60)
    assert daemon.events[0]["timestamp"] == 998.0


def test_calls_from_many_threads_all_arrive(daemon: ScriptedDaemon, emitter: Emitter) -> None:
    """Events are neither lost nor doubled, and each thread's own are in order."""

    def work(worker: int) -> None:
        for number in range(500):
            emitter.operation_start(f"{worker}-{number}", "add", "ipfs")
            emitter.status_change(f"{worker}-{number}", "completed")

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert emitter.flush(60)
    for worker in range(4):
        mine = [event["operation_id"] for event in daemon.events if event["operation_id"].startswith(f"{worker}-")]
        assert mine == [f"{worker}-{number}" for number in range(500) for _ in range(2)]


def test_where_no_thread_can_start_calls_return_and_the_next_one_tries_again(
    daemon: ScriptedDaemon, emitter: Emitter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process at its limit of threads, or at its end, gets no exception; the events wait."""

    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as limited:
        limited.setattr(threading.Thread, "start", refuse)
        emitter.operation_start("a", "add", "ipfs")
        assert not emitter.drain(60)
        assert emitter.statistics().trouble == "can't start new thread"
    emitter.operation_start("b", "add", "ipfs")
    assert emitter.flush(60)
    assert [event["operation_id"] for event in daemon.events] == ["a", "b"]


def test_the_thread_ends_when_the_emitter_is_gone(daemon: ScriptedDaemon) -> None:
    """Nobody can note anything any more: the sender finishes and leaves."""
    emitter = Emitter(daemon.path, "wal")
    emitter.operation_start("a", "add", "ipfs")
    assert emitter.flush(60)
    emitter.status_change("a", "completed")
    del emitter
    until(lambda: len(daemon.events) == 2, "the last event")
    until(lambda: daemon.connections == 0, "the sender to leave")


def test_what_a_former_process_left_in_the_spool_is_sent_without_a_call(
    stopped_daemon: ScriptedDaemon, new_emitter: NewEmitter, short_path: Path
) -> None:
    """Under the name that the spool keeps; and the next emitter may have the spool once this one is closed."""
    spool = short_path / "spool"
    first = new_emitter(spool=spool)
    first.operation_start("a", "add", "ipfs")
    assert not first.close(0.1)
    # Longer than closing does: until the spool is let go, however slow the disk is.
    first.sender.join(60)
    assert (first.statistics().spooled, first.statistics().buffered) == (1, 0)
    stopped_daemon.start()
    second = new_emitter(spool=spool)
    until(lambda: second.statistics().acked == 1, "the event")
    assert second.close(60)
    second.sender.join(60)
    third = new_emitter(spool=spool)
    third.operation_start("b", "add", "ipfs")
    assert third.flush(60)
    assert [event["operation_id"] for event in stopped_daemon.events] == ["a", "b"]
    assert {each.statistics().producer for each in (first, second, third)} == set(stopped_daemon.stored)
    assert len(stopped_daemon.stored) == 1


def test_two_emitters_with_one_spool_in_one_process(
    daemon: ScriptedDaemon, new_emitter: NewEmitter, short_path: Path
) -> None:
    """The second goes without, by a name of its own, and says why."""
    first, second = (new_emitter(producer="wal", spool=short_path / "spool") for _ in range(2))
    for each in (first, second):
        each.operation_start("a", "add", "ipfs")
        assert each.flush(60)
    names = sorted(daemon.stored)
    assert names[0] == "wal" and names[1].startswith("wal-")
    assert sum("in use by another emitter" in each.statistics().trouble for each in (first, second)) == 1


@pytest.mark.parametrize("content", [None, b"precious"], ids=["a folder", "another file"])
def test_a_spool_that_is_none_costs_nothing_but_itself(
    daemon: ScriptedDaemon, new_emitter: NewEmitter, short_path: Path, content: bytes | None
) -> None:
    """Events are sent as without; `trouble` says what is wrong, and what was there stays."""
    path = short_path / "spool"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    emitter = new_emitter(producer="wal", spool=path)
    emitter.operation_start("a", "add", "ipfs")
    assert emitter.flush(60)
    assert str(path) in emitter.statistics().trouble
    assert path.is_dir() if content is None else path.read_bytes() == content


def test_a_full_spool_leaves_events_to_the_buffer(
    stopped_daemon: ScriptedDaemon, new_emitter: NewEmitter, short_path: Path
) -> None:
    """And that drops by its own rule; all is counted, told to the daemon, and nothing else is lost or doubled."""
    emitter = new_emitter(spool=short_path / "spool", spool_bytes=1 << 16, capacity=1000)
    for number in range(5000):
        emitter.operation_start(str(number), "add", "ipfs")
    until(lambda: "full" in emitter.statistics().trouble or emitter.statistics().dropped, "the spool to be full")
    before = emitter.statistics()
    stopped_daemon.start()
    assert emitter.flush(60)
    ids = [int(event["operation_id"]) for event in stopped_daemon.events]
    after = emitter.statistics()
    assert ids == sorted(set(ids))
    assert len(ids) == after.acked == 5000 - after.dropped
    assert after.dropped == before.dropped
    until(lambda: sum(hello["dropped"] for hello in stopped_daemon.hellos) == after.dropped, "the daemon to be told")


@pytest.mark.parametrize(
    "arguments",
    [
        {"producer": ""},
        {"producer": "x" * 201},
        {"capacity": 0},
        {"spool": "s", "spool_bytes": 1000},
        {"spool": "a\0b"},
    ],
)
def test_an_emitter_that_cannot_work_is_not_made(arguments: dict[str, Any]) -> None:
    """What is wrong with it is said when it is made, not when it is used."""
    with pytest.raises(ValueError, match="expected"):
        Emitter("/nowhere", **arguments)


def test_what_waits_costs_the_garbage_collector_nothing(new_emitter: NewEmitter) -> None:
    """A WAL with a full buffer collects as fast as one without: no event in it is followed."""
    emitter = new_emitter()
    emitter.flush(0)
    gc.collect()
    before = len(gc.get_objects())
    for number in range(10_000):
        emitter.operation_start(f"{number}", "add", "ipfs", 5)
        emitter.status_change(f"{number}", "processing", retry_count=1, error="no route", error_type="OSError")
        emitter.backend_health_change("ipfs", "online", "offline")
    gc.collect()
    assert emitter.statistics().buffered == 30_000
    assert len(gc.get_objects()) - before < 1_000
