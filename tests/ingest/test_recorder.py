"""The recorder answers only for what is on disk, and stores each event once."""

from __future__ import annotations

import asyncio
import errno
import threading
from typing import Any

import pytest

from telemetryd.ingest.pace import Signs
from telemetryd.ingest.segments import MAX_HEADS
from telemetryd.storage.files import File
from telemetryd.storage.folder import Folder
from tests.disk.faults import PLENTY, FailingFiles, Fault
from tests.end_to_end.waiting import until

from .intake import HOUR, Answers, Clock, Intake, change, start


class _WatchedFile(File):
    def __init__(self, file: File, log: list[str]) -> None:
        self.path = file.path
        self._file = file
        self._log = log

    def write(self, data: bytes | memoryview) -> int:
        self._log.append("write")
        return self._file.write(data)

    def sync(self) -> None:
        self._file.sync()
        self._log.append("sync")

    def close(self) -> None:
        self._file.close()


class WatchedDisk(FailingFiles):
    """A disk that logs what is written and synced, in order."""

    def __init__(self) -> None:
        super().__init__(PLENTY)
        self.log: list[str] = []

    def create(self, path: str) -> File:
        return _WatchedFile(super().create(path), self.log)


class Witness(Answers):
    """Logs its acknowledgement among what the disk did."""

    def __init__(self, log: list[str]) -> None:
        super().__init__()
        self.log = log

    def acknowledge(self, number: int) -> None:
        super().acknowledge(number)
        self.log.append(f"ack {number}")


async def test_an_acknowledgement_comes_after_the_disk_has_it(folder: Folder, intake: Intake) -> None:
    """One write and one sync for all that came in together: a group commit."""
    intake.files = disk = WatchedDisk()
    await intake.prepare()
    disk.log.clear()
    answers = [Witness(disk.log) for _ in range(3)]
    for number, each in enumerate(answers, 1):
        intake.recorder.submit(each.submission([start(f"id-{number}", HOUR + 1.0)], 1, f"wal-{number}"))
    intake.record()
    for each in answers:
        await each.all()
    assert disk.log == ["write", "sync", "ack 1", "ack 1", "ack 1"]


class HeldDisk(FailingFiles):
    """A disk whose syncs wait until they are let go."""

    def __init__(self) -> None:
        super().__init__(PLENTY)
        self.go = threading.Event()
        self.go.set()

    def create(self, path: str) -> File:
        return _HeldFile(super().create(path), self.go)


class _HeldFile(_WatchedFile):
    def __init__(self, file: File, go: threading.Event) -> None:
        super().__init__(file, [])
        self._go = go

    def sync(self) -> None:
        assert self._go.wait(60)
        super().sync()


async def test_its_pace_tells_since_when_it_waits_for_the_disk(folder: Folder, intake: Intake) -> None:
    """And since when something waits for it; once all is answered, nothing does, and it may be idle for ever."""
    intake.files = disk = HeldDisk()
    await intake.prepare()
    intake.record()
    assert intake.recorder.pace.signs == Signs()
    disk.go.clear()
    answers = Answers()
    intake.recorder.submit(answers.submission([start("id", HOUR + 1.0)], 1))
    submitted = intake.recorder.pace.signs
    assert submitted.waiting_since is not None and submitted.disk_since is None
    await asyncio.to_thread(until, lambda: intake.recorder.pace.signs.disk_since is not None, "it to wait for the disk")
    assert intake.recorder.pace.signs.waiting_since == submitted.waiting_since
    disk.go.set()
    await answers.all()
    await asyncio.to_thread(until, lambda: intake.recorder.pace.signs == Signs(), "it to be idle")


async def test_several_batches_of_one_producer_are_acknowledged_at_once(intake: Intake) -> None:
    """By the highest number: every batch up to it is on disk."""
    await intake.prepare()
    answers = Answers()
    for number in (1, 2, 3):
        intake.recorder.submit(answers.submission([start(f"id-{number}", HOUR + 1.0)], number))
    intake.record()
    await answers.all()
    assert answers.told == [("ack", 3)]
    assert len(intake.rows()) == 3


async def test_others_have_a_turn_between_the_batches_that_are_applied_together(intake: Intake) -> None:
    """A reader waits for a batch at most, never for a whole group."""
    await intake.prepare()
    answers = Answers()
    for number in (1, 2, 3):
        intake.recorder.submit(answers.submission([start(f"id-{number}", HOUR + 1.0)], number))
    intake.record()
    seen = set()
    while not answers.told:
        seen.add(len(intake.ledger.head))
        await asyncio.sleep(0)
    assert seen >= {1, 2}


async def test_plain_lines_are_stored_and_not_acknowledged(intake: Intake) -> None:
    """Nothing comes back for them."""
    await intake.start()
    assert await intake.store([start("a", HOUR + 1.0)]) == []
    assert len(intake.rows()) == 1


async def test_a_batch_that_comes_again_is_acknowledged_and_not_stored_again(intake: Intake) -> None:
    """Within a group, after it, and after a restart."""
    await intake.start()
    answers = Answers()
    for _ in range(2):
        intake.recorder.submit(answers.submission([start("a", HOUR + 1.0)], 1))
    await answers.all()
    assert await intake.store([start("a", HOUR + 1.0)], 1) == [("ack", 1)]
    await intake.crash()
    await intake.start()
    assert await intake.store([start("a", HOUR + 1.0)], 1) == [("ack", 1)]
    assert len(intake.rows()) == 1
    assert intake.instrumentation.books == {"stored": 1, "duplicate": 3}


async def test_a_batch_without_events_is_acknowledged_and_remembered(intake: Intake) -> None:
    """All of its events may have been rejected."""
    await intake.start()
    assert await intake.store([], 1) == [("ack", 1)]
    assert intake.ledger.producers.named("wal").last_batch == 1


async def test_what_the_disk_does_not_take_is_refused_and_changes_nothing(intake: Intake, disk: FailingFiles) -> None:
    """Its sender is told to come again; when the disk is well, all is stored, once, in order."""
    await intake.start()
    await intake.store([start("a", HOUR + 1.0)], 1)
    disk.good = 0
    assert await intake.store([start("b", HOUR + 1.0)], 2) == [("nack", 2)]
    assert "journal" in intake.recorder.problem
    assert len(intake.rows()) == 1
    disk.good = PLENTY
    # A later batch would make a duplicate of the refused one: that one has to come first.
    assert await intake.store([start("c", HOUR + 1.0)], 3) == [("nack", 3)]
    assert await intake.store([start("b", HOUR + 1.0)], 2) == [("ack", 2)]
    assert await intake.store([start("c", HOUR + 1.0)], 3) == [("ack", 3)]
    assert intake.recorder.problem == ""
    assert [row[-1] for row in intake.rows()] == ["a", "b", "c"]
    assert intake.instrumentation.books == {"stored": 3, "rejected": 2}


@pytest.mark.parametrize("good", [0, 1], ids=["the write fails", "the sync fails"])
async def test_a_crash_after_a_failed_write_stores_nothing_twice(intake: Intake, disk: FailingFiles, good: int) -> None:
    """What was written and not synced may be on disk all the same; it was refused, and came again."""
    await intake.start()
    await intake.store([start("a", HOUR + 1.0)], 1)
    disk.good = good
    assert await intake.store([start("b", HOUR + 1.0), start("c", HOUR + 1.0)], 2) == [("nack", 2)]
    disk.good = PLENTY
    assert await intake.store([start("b", HOUR + 1.0), start("c", HOUR + 1.0)], 2) == [("ack", 2)]
    before = intake.rows()
    await intake.crash()
    await intake.start()
    assert intake.rows() == before
    assert [row[-1] for row in before] == ["a", "b", "c"]


@pytest.mark.parametrize("good", range(6))
async def test_state_survives_a_disk_that_fails_and_a_clean_stop(intake: Intake, disk: FailingFiles, good: int) -> None:
    """Wherever the disk fails in between, operations in flight and batch numbers are there after the next start."""
    await intake.start()
    await intake.store([start("a", HOUR + 1.0)], 1)
    disk.good = good
    await intake.store([start("b", HOUR + 1.0)], 2)
    await intake.upkeep.turn()
    disk.good = PLENTY
    await intake.stop()
    await intake.start()
    assert intake.in_flight()["add:ipfs"][0] >= 1
    assert intake.ledger.producers.named("wal").last_batch >= 1


# What a full disk refuses; names can still be removed, and what has room is synced.
FULL = [Fault(verb, 1, errno.ENOSPC, PLENTY) for verb in ("create", "write", "add_folder")]


@pytest.mark.parametrize("clean", [True, False], ids=["clean stop", "crash"])
async def test_state_survives_a_full_disk(intake: Intake, disk: FailingFiles, clean: bool) -> None:
    """The only checkpoint there is stays until another is in its place."""
    await intake.start()
    await intake.store([start("a", HOUR + 1.0)], 1)
    await asyncio.wait_for(intake.recorder.rotate(), 30)
    await intake.upkeep.seal()
    disk.faults.plan.extend(FULL)
    assert await intake.store([start("b", HOUR + 1.0)], 2) == [("nack", 2)]
    await (intake.stop() if clean else intake.crash())
    disk.faults.clear()
    await intake.start()
    assert intake.in_flight() == {"add:ipfs": [1, 0, 0]}
    assert intake.ledger.producers.named("wal").last_batch == 1


@pytest.mark.parametrize("rows", [0, 1], ids=["an empty head", "rows"])
@pytest.mark.parametrize("good", range(10))
async def test_a_rotation_that_fails_ends_no_task(intake: Intake, disk: FailingFiles, good: int, rows: int) -> None:
    """At whichever step: the recorder goes on, and stores again when the disk is well."""
    await intake.start()
    for number in range(rows):
        await intake.store([start("a", HOUR + 1.0)], number + 1)
    disk.good = good
    await asyncio.wait_for(intake.recorder.rotate(), 30)
    await asyncio.wait_for(intake.recorder.rotate(), 30)
    disk.good = PLENTY
    assert await intake.store([start("b", HOUR + 1.0)], 9) == [("ack", 9)]
    before = intake.rows()
    await intake.crash()
    await intake.start()
    assert intake.rows() == before and len(before) == rows + 1


async def test_a_full_head_is_frozen_and_a_new_segment_begins(intake: Intake) -> None:
    """Segment, head and epoch are one: sequences go on without a gap."""
    intake.set("storage", head_rows=100)
    await intake.start()
    await intake.store([start(f"id-{number}", HOUR + 1.0) for number in range(150)], 1)
    await intake.store([start("more", HOUR + 1.0)], 2)
    (closed,) = intake.recorder.backlog.closed
    assert (closed.head.first, closed.head.last, closed.final) == (1, 150, True)
    assert intake.segments() == [f"{1:020d}.closed", f"{151:020d}.active"]
    assert len(intake.rows()) == 151


async def test_rotation_returns_when_the_head_is_frozen(intake: Intake) -> None:
    """After all that was submitted before; an empty head gives nothing to seal."""
    await intake.prepare()
    answers = Answers()
    intake.recorder.submit(answers.submission([start("a", HOUR + 1.0)], 1))
    intake.record()
    await asyncio.wait_for(intake.recorder.rotate(), 30)
    assert [len(closed.head) for closed in intake.recorder.backlog.closed] == [1]
    await asyncio.wait_for(intake.recorder.rotate(), 30)
    assert len(intake.recorder.backlog.closed) == 1
    assert [name.rpartition(".")[2] for name in intake.segments()] == ["closed", "active"]


async def test_a_segment_is_detailed_as_a_whole_or_not_at_all(intake: Intake) -> None:
    """A change of the setting begins a new one."""
    await intake.start()
    await intake.store([start("a", HOUR + 1.0)], 1)
    intake.set("telemetry", enable_detailed_timing=False)
    await intake.store([start("b", HOUR + 1.0)], 2)
    await asyncio.wait_for(intake.recorder.rotate(), 30)
    told = [(closed.head.detailed, len(closed.head)) for closed in intake.recorder.backlog.closed]
    assert told == [(True, 1), (False, 1)]


async def test_while_not_enabled_events_are_discarded_and_acknowledged(intake: Intake) -> None:
    """Nothing is written; storing goes on when they are wanted again."""
    await intake.start()
    intake.set("telemetry", enabled=False)
    assert await intake.store([start("a", HOUR + 1.0)], 1) == [("ack", 1)]
    intake.set("telemetry", enabled=True)
    assert await intake.store([start("b", HOUR + 1.0)], 2) == [("ack", 2)]
    assert [row[-1] for row in intake.rows()] == ["b"]
    assert intake.instrumentation.books == {"discarded": 1, "stored": 1}


async def test_operations_beyond_their_age_expire(intake: Intake, clock: Clock) -> None:
    """At the next turn, also where nothing comes in; it is in the journal as anything else."""
    intake.set("live", max_operation_age=60)
    await intake.start()
    await intake.store([start("a", clock.now)], 1)
    clock.now += 61
    intake.recorder.nudge()
    await asyncio.wait_for(intake.recorder.rotate(), 30)
    assert intake.in_flight() == {}
    before = intake.rows()
    assert len(before) == 2
    await intake.crash()
    await intake.start()
    assert intake.rows() == before and intake.in_flight() == {}


async def test_an_operation_may_end_in_the_turn_it_would_have_expired_in(intake: Intake, clock: Clock) -> None:
    """It expires, and its end counts all the same; before a crash and after."""
    intake.set("live", max_operation_age=60)
    await intake.start()
    await intake.store([start("a", clock.now), start("b", clock.now)], 1)
    clock.now += 61
    assert await intake.store([change("a", "completed", clock.now)], 2) == [("ack", 2)]
    assert await intake.store([start("c", clock.now)], 3) == [("ack", 3)]
    before = intake.rows()
    assert [(row[-1], row[5]) for row in before if row[5]] == [("a", 61.0)]
    assert len(before) == 5
    await intake.crash()
    await intake.start()
    assert intake.rows() == before


async def test_heads_that_nobody_seals_stop_the_intake(intake: Intake) -> None:
    """Memory is bounded: when too many wait, senders are told to come again, and do when there is room."""
    intake.set("storage", head_rows=100)
    await intake.start()
    answers: list[tuple[Any, ...]] = []
    for number in range(1, MAX_HEADS + 2):
        answers += await intake.store([start(f"{number}-{each}", HOUR + 1.0) for each in range(100)], number)
    assert answers == [*(("ack", number) for number in range(1, MAX_HEADS + 1)), ("nack", MAX_HEADS + 1)]
    # Of which the watchdog knows, though the recorder answers everything.
    signs = intake.recorder.pace.signs
    assert signs.crowded_since is not None and signs.waiting_since is None
    await intake.upkeep.turn()
    assert intake.recorder.pace.signs == Signs()
    assert intake.recorder.backlog.closed == []
    assert await intake.store([start("x", HOUR + 1.0)], MAX_HEADS + 1) == [("ack", MAX_HEADS + 1)]


async def test_a_drain_stores_what_was_submitted_before_it(intake: Intake) -> None:
    """And leaves a segment that the next start goes on from."""
    await intake.prepare()
    answers = Answers()
    intake.recorder.submit(answers.submission([start("a", HOUR + 1.0)], 1))
    intake.recorder.drain()
    intake.record()
    await intake.stop()
    assert answers.told == [("ack", 1)]
    assert [name.rpartition(".")[2] for name in intake.segments()] == ["closed"]
    await intake.start()
    assert intake.in_flight() == {"add:ipfs": [1, 0, 0]}
    assert intake.ledger.producers.named("wal").last_batch == 1
    assert len(intake.rows()) == 1


async def test_how_long_the_disk_took_is_told(intake: Intake) -> None:
    """Once for each call to it: one for all that came in together."""
    await intake.start()
    calls = intake.instrumentation.durations["journal"]
    before = sum(calls.taken().counts)
    await intake.store([start("a", HOUR + 1.0), start("b", HOUR + 2.0)], 1)
    assert sum(calls.taken().counts) == before + 1
