"""A journal longer than memory: sealed while it is replayed, where its segments may go."""

from __future__ import annotations

import asyncio

from telemetryd.model.events import Event
from tests.disk.faults import PLENTY, FailingFiles, Fault
from tests.live.told import tell

from .intake import HOUR, Clock, Intake, change, start
from .test_recovery import segment


async def test_a_journal_longer_than_memory_is_sealed_on_the_way(intake: Intake, clock: Clock) -> None:
    """No more rows wait than ever do; each row is there once, what was in flight, and the window, after another crash as well."""
    await intake.start()
    for number in range(1, 61):
        events: list[Event] = [start(f"{number}-{each}", clock.now - 600 + number) for each in range(5)]
        events += [change(f"{number}-{each}", "completed", clock.now - 500 + number) for each in range(5)]
        await intake.store(events, number)
        if number % 5 == 0:
            await asyncio.wait_for(intake.recorder.rotate(), 30)
    before = intake.rows(), intake.in_flight(), intake.ledger.producers.state()
    assert len(before[0]) == 600
    assert ended(intake, clock) == 300
    intake.set("storage", head_rows=100)
    for _ in range(2):
        await intake.crash()
        await intake.start()
        assert sum(len(closed.head) for closed in intake.recorder.backlog.closed) <= 2 * 100
        assert (intake.rows(), intake.in_flight(), intake.ledger.producers.state()) == before
        assert ended(intake, clock) == 300
    assert len(intake.segments()) < 8


def ended(intake: Intake, clock: Clock) -> int:
    """Return how many operations the window says ended lately."""
    return sum(told.count for told in tell(intake.ledger.window, clock.now, 900).values())


async def test_a_long_journal_on_a_full_disk_is_replayed_all_the_same(intake: Intake, disk: FailingFiles) -> None:
    """What cannot be sealed on the way waits in memory, and is sealed once there is room."""
    await intake.start()
    for number in range(1, 41):
        await intake.store([start(f"{number}-{each}", HOUR + number) for each in range(10)], number)
        if number % 5 == 0:
            await asyncio.wait_for(intake.recorder.rotate(), 30)
    before = intake.rows()
    await intake.crash()
    intake.set("storage", head_rows=100)
    # There is room for a name in a folder that is there, and for none in a new one.
    disk.faults.plan.append(Fault("add_folder", disk.faults.counts["add_folder"] + 1, times=PLENTY))
    await intake.prepare()
    assert len(intake.recorder.backlog.closed) == 8
    assert intake.rows() == before
    assert intake.instrumentation.counts["UpkeepFailed"] == 1
    disk.faults.clear()
    await intake.upkeep.seal()
    assert len(intake.recorder.backlog.closed) == 0
    assert intake.rows() == before


async def test_no_segment_goes_on_the_way_where_the_next_checkpoint_is_lost(intake: Intake) -> None:
    """It is the only one that tells of producers and operations in flight."""
    await intake.start()
    for number in range(1, 41):
        await intake.store([start(f"{number}-{each}", HOUR + number) for each in range(10)], number)
        if number % 10 == 0:
            await asyncio.wait_for(intake.recorder.rotate(), 30)
    before = intake.rows(), intake.in_flight()
    await intake.crash()
    intake.set("storage", head_rows=100)
    for index in range(1, len(intake.segments())):
        damaged = bytearray(segment(intake, index).read_bytes())
        damaged[60] ^= 1
        segment(intake, index).write_bytes(damaged)
    segments = intake.segments()
    await intake.prepare()
    assert set(segments) <= set(intake.segments())
    assert (intake.rows(), intake.in_flight()) == before
