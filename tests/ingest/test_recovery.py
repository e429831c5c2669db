"""Recovery is replay: what was acknowledged is there again, once, whatever the files look like."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from telemetryd.model.codec import encode_batch
from telemetryd.model.events import Event
from telemetryd.storage.records import EventsRecord, encode_record
from tests.disk.faults import PLENTY, FailingFiles, Fault
from tests.live.told import tell

from .intake import HOUR, Answers, Clock, Intake, change, start


def segment(intake: Intake, index: int) -> Path:
    return Path(intake.folder.journal) / intake.segments()[index]


async def test_a_crash_loses_nothing_that_was_acknowledged(intake: Intake, clock: Clock) -> None:
    """Rows, operations in flight, producers and the window are as they were."""
    await intake.start()
    chosen = random.Random(7)
    for number in range(1, 40):
        events: list[Event] = []
        for _ in range(chosen.randrange(5)):
            operation_id, at = f"id-{chosen.randrange(20)}", clock.now - chosen.randrange(600)
            status = chosen.choice(["pending", "processing", "retrying", "completed", "failed"])
            events.append(start(operation_id, at) if chosen.random() < 0.3 else change(operation_id, status, at))
        assert await intake.store(events, number, chosen.choice(["one", "two"])) == [("ack", number)]
        if number % 10 == 0:
            await asyncio.wait_for(intake.recorder.rotate(), 30)
        if number == 15:
            await intake.upkeep.seal()
    before = intake.rows(), intake.in_flight(), intake.ledger.producers.state()
    told = list(tell(intake.ledger.window, clock.now, 900).values())
    await intake.crash()
    await intake.start()
    assert (intake.rows(), intake.in_flight(), intake.ledger.producers.state()) == before
    assert intake.ledger.sequence > max(row[1] for row in intake.rows())
    again = list(tell(intake.ledger.window, clock.now, 900).values())
    assert [(each.completed, each.failed) for each in again] == [(each.completed, each.failed) for each in told]


async def test_a_clean_start_after_a_clean_stop_has_nothing_to_replay(intake: Intake) -> None:
    """All rows are in parts; the state is in the checkpoint of an empty segment."""
    await intake.start()
    await intake.store([start("a", HOUR + 1.0)], 3)
    before = intake.rows()
    await intake.stop()
    await intake.start()
    assert intake.recorder.backlog.closed == [] and len(intake.ledger.head) == 0
    assert intake.rows() == before
    assert intake.in_flight() == {"add:ipfs": [1, 0, 0]}
    assert intake.ledger.producers.named("wal").last_batch == 3
    await intake.upkeep.seal()
    assert len(intake.segments()) == 1


async def test_starts_without_events_leave_one_segment(intake: Intake) -> None:
    """However often: the journal does not grow with restarts."""
    for _ in range(3):
        await intake.start()
        await intake.stop()
        await intake.start()
        await intake.crash()
    await intake.start()
    await intake.upkeep.seal()
    assert len(intake.segments()) == 1


async def test_a_torn_tail_costs_what_was_never_acknowledged(intake: Intake) -> None:
    """The records before it are whole."""
    await intake.start()
    await intake.store([start("a", HOUR + 1.0)], 1)
    await intake.crash()
    record = encode_record(EventsRecord(2, HOUR + 1.0, "wal", 2, b'{"batch":2,"events":[]}'))
    with segment(intake, -1).open("ab") as file:
        file.write(record[:-3])
    await intake.start()
    assert [row[-1] for row in intake.rows()] == ["a"]
    assert await intake.store([start("b", HOUR + 1.0)], 2) == [("ack", 2)]
    await intake.crash()
    await intake.start()
    assert [row[-1] for row in intake.rows()] == ["a", "b"]


async def test_a_damaged_record_costs_itself(intake: Intake) -> None:
    """Those before and after it are kept, and so are those of the next segments."""
    await intake.start()
    for number, name in enumerate("abc", 1):
        await intake.store([start(f"operation-{name}", HOUR + 1.0)], number)
    await asyncio.wait_for(intake.recorder.rotate(), 30)
    await intake.store([start("operation-d", HOUR + 1.0)], 4)
    await intake.crash()
    path = segment(intake, 0)
    path.write_bytes(path.read_bytes().replace(b"operation-b", b"operation-X"))
    await intake.start()
    assert [row[-1] for row in intake.rows()] == ["operation-a", "operation-c", "operation-d"]
    assert intake.ledger.producers.named("wal").last_batch == 4


async def test_a_segment_of_nothing_valid_is_set_aside(intake: Intake) -> None:
    """The daemon starts, and says so."""
    await intake.start()
    await intake.store([start("a", HOUR + 1.0)], 1)
    await asyncio.wait_for(intake.recorder.rotate(), 30)
    await intake.store([start("b", HOUR + 1.0)], 2)
    await intake.crash()
    path = segment(intake, 0)
    path.write_bytes(b"\0" * path.stat().st_size)
    await intake.start()
    assert [row[-1] for row in intake.rows()] == ["b"]
    assert intake.in_flight() == {"add:ipfs": [2, 0, 0]}, "the next segment's checkpoint tells of what came before it"
    assert (Path(intake.folder.path) / "quarantine" / "journal" / path.name).exists()
    assert intake.instrumentation.counts["Quarantined"] == 1


async def test_a_damaged_checkpoint_costs_the_state_and_no_row(intake: Intake) -> None:
    """What was in flight before it is unknown from there on."""
    await intake.start()
    await intake.store([start("operation-a", HOUR + 1.0)], 1)
    await asyncio.wait_for(intake.recorder.rotate(), 30)
    await intake.upkeep.turn()
    await intake.store([change("operation-a", "completed", HOUR + 2.0)], 2)
    await intake.crash()
    path = segment(intake, 0)
    path.write_bytes(path.read_bytes().replace(b"operation-a", b"operation-X", 1))
    await intake.start()
    assert [row[-1] for row in intake.rows()] == ["operation-a", "operation-a"]
    assert await intake.store([start("b", HOUR + 1.0)], 3) == [("ack", 3)]


@pytest.mark.parametrize("clean", [True, False], ids=["clean stop", "crash"])
async def test_the_window_is_filled_again(intake: Intake, clock: Clock, clean: bool) -> None:
    """From the journal and from parts, so that a restart does not empty the realtime answer."""
    await intake.start()
    await intake.store([start("a", clock.now - 9), change("a", "completed", clock.now - 5)], 1)
    await asyncio.wait_for(intake.recorder.rotate(), 30)
    await intake.upkeep.turn()
    await intake.store([start("b", clock.now - 9), change("b", "failed", clock.now - 5)], 2)
    await (intake.stop() if clean else intake.crash())
    await intake.start()
    (told,) = tell(intake.ledger.window, clock.now, 60).values()
    assert (told.completed, told.failed, told.count, told.sum) == (1, 1, 2, 8.0)
    assert len(intake.ledger.tracker.in_flight) == len(intake.ledger.tracker.series)


async def test_a_discarded_batch_is_known_after_a_crash(intake: Intake) -> None:
    """It was acknowledged, and acknowledged is on disk: of what is not wanted, the number alone."""
    await intake.start()
    intake.set("telemetry", enabled=False)
    assert await intake.store([start("a", HOUR + 1.0)], 3) == [("ack", 3)]
    await intake.crash()
    await intake.start()
    assert intake.ledger.producers.named("wal").last_batch == 3
    assert intake.rows() == []


async def test_what_was_refused_stays_refused_start_after_start(intake: Intake, disk: FailingFiles) -> None:
    """A write that landed before its sync failed is passed over for as long as its segment is there.

    The segment after it is the proof of where it ends, so that one stays too, rows or none.
    """
    await intake.start()
    await intake.store([start("a", HOUR + 1.0)], 1)
    disk.good = 1
    assert await intake.store([start("refused", HOUR + 1.0), start("refused too", HOUR + 1.0)], 2) == [("nack", 2)]
    disk.good = PLENTY
    await intake.recorder.rotate()
    await intake.crash()
    await intake.start()
    assert await intake.store([start("x", HOUR + 1.0)], 2) == [("ack", 2)]
    assert await intake.store([start("y", HOUR + 1.0)], 3) == [("ack", 3)]
    await intake.crash()
    await intake.start()
    assert [row[-1] for row in intake.rows()] == ["a", "x", "y"]
    assert intake.ledger.producers.named("wal").last_batch == 3


async def test_behind_a_gap_in_the_journal_the_next_checkpoint_counts(intake: Intake) -> None:
    """What ended in a segment that cannot be read has ended, and its batches are not stored again."""
    await intake.start()
    await intake.store([start("a", HOUR + 1.0)], 1)
    await intake.recorder.rotate()
    await intake.store([change("a", "completed", HOUR + 2.0)], 2)
    await intake.recorder.rotate()
    await intake.store([start("b", HOUR + 3.0)], 3)
    await intake.crash()
    lost = segment(intake, 1)
    lost.write_bytes(b"no segment")
    await intake.start()
    assert intake.in_flight() == {"add:ipfs": [1, 0, 0]}
    assert intake.ledger.producers.named("wal").last_batch == 3
    assert [row[-1] for row in intake.rows()] == ["a", "b"]


async def test_a_damaged_record_is_told_and_its_segment_kept(intake: Intake) -> None:
    """What is whole is sealed as ever; the segment goes to quarantine and not away."""
    await intake.start()
    for number in (1, 2, 3):
        await intake.store([start(f"operation-{number}", HOUR + number)], number)
    await intake.recorder.rotate()
    await intake.crash()
    path = segment(intake, 0)
    data = path.read_bytes().replace(b"operation-2", b"operation-X", 1)
    path.write_bytes(data)
    await intake.start()
    assert [row[-1] for row in intake.rows()] == ["operation-1", "operation-3"]
    assert intake.instrumentation.counts["JournalDamaged"] == 1
    await intake.upkeep.seal()
    assert [row[-1] for row in intake.rows()] == ["operation-1", "operation-3"]
    assert not path.exists()
    assert (Path(intake.folder.path) / "quarantine" / "journal" / path.name).read_bytes() == data


async def test_a_record_that_cannot_be_decoded_is_told_and_its_segment_kept(intake: Intake) -> None:
    """Start after start, until its other rows are sealed; then the segment goes to quarantine and not away."""
    await intake.start()
    await intake.store([start("operation-1", HOUR + 1.0)], 1)
    intake.clock.now += 1
    await intake.crash()
    path = segment(intake, 0)
    foreign = EventsRecord(2, intake.clock(), "wal", 2, b'{"batch":2,"events":"of another release"}')
    behind = encode_batch(3, [start("operation-3", HOUR + 3.0)])[:-1]
    with path.open("ab") as file:
        file.write(encode_record(foreign) + encode_record(EventsRecord(5, intake.clock() + 1, "wal", 3, behind)))
    data = path.read_bytes()
    for starts in (1, 2, 3):
        await intake.start()
        assert [row[-1] for row in intake.rows()] == ["operation-1", "operation-3"]
        assert intake.ledger.sequence >= 6
        assert intake.instrumentation.counts["RecordsUndecodable"] == starts
        assert intake.instrumentation.counts["JournalDamaged"] == 0
        await intake.crash()
    await intake.start()
    await intake.upkeep.seal()
    assert [row[-1] for row in intake.rows()] == ["operation-1", "operation-3"]
    assert not path.exists()
    assert (Path(intake.folder.path) / "quarantine" / "journal" / path.name).read_bytes() == data


async def test_a_segment_of_nothing_that_can_be_decoded_is_told_and_kept(intake: Intake) -> None:
    """Nothing is written over it, though it gives no row."""
    await intake.start()
    await intake.crash()
    path = segment(intake, 0)
    with path.open("ab") as file:
        file.write(encode_record(EventsRecord(1, intake.clock(), "wal", 1, b"[]")))
    data = path.read_bytes()
    for _ in range(2):
        await intake.start()
        assert await intake.store([], 1) == [("ack", 1)]
        await intake.crash()
    await intake.start()
    await intake.upkeep.seal()
    assert intake.instrumentation.counts["RecordsUndecodable"] == 3
    assert (Path(intake.folder.path) / "quarantine" / "journal" / path.name).read_bytes() == data


async def test_damage_in_the_last_segment_hides_nothing_at_the_second_start(intake: Intake) -> None:
    """The segment that is begun after it begins behind all that it held, also behind what is lost."""
    await intake.start()
    for number in (1, 2, 3, 4):
        await intake.store([start(f"operation-{number}", HOUR + number)], number)
        intake.clock.now += 1
    await intake.crash()
    path = segment(intake, 0)
    path.write_bytes(path.read_bytes().replace(b"operation-2", b"operation-X", 1))
    for _ in range(3):
        await intake.start()
        assert [row[-1] for row in intake.rows()] == ["operation-1", "operation-3", "operation-4"]
        await intake.crash()


async def test_rows_that_are_missing_before_a_segment_are_told(intake: Intake) -> None:
    """A closed segment that was cut off between two records looks whole; the next one's checkpoint knows better."""
    await intake.start()
    for number in (1, 2):
        await intake.store([start(f"operation-{number}", HOUR + number)], number)
    await intake.recorder.rotate()
    await intake.crash()
    path = segment(intake, 0)
    data = path.read_bytes()
    path.write_bytes(data[: data.rindex(b"\xff\x00TR")])
    await intake.start()
    assert [row[-1] for row in intake.rows()] == ["operation-1"]
    assert intake.instrumentation.counts["JournalDamaged"] == 1


async def test_clean_and_crashed_starts_tell_of_no_damage(intake: Intake) -> None:
    """Neither a stop, nor a crash, nor a start that recorded nothing is taken for damage."""
    for number in range(1, 7):
        await intake.start()
        if number % 3:
            await intake.store([start(f"{number}", HOUR + number)], number)
            await intake.recorder.rotate()
            await intake.store([start(f"{number}-b", HOUR + number)])
        await (intake.stop() if number % 2 else intake.crash())
    await intake.start()
    assert intake.instrumentation.counts["JournalDamaged"] == 0
    assert len(intake.rows()) == 8


async def test_what_is_sealed_is_not_missing_while_an_older_segment_without_rows_is_still_there(intake: Intake) -> None:
    """A kill between the two removals: the empty segment, and the one after those that are in parts."""
    await intake.start()
    await intake.crash()
    await intake.start()
    await intake.store([start("a", HOUR + 1.0), start("b", HOUR + 1.0)], 1)
    await intake.recorder.rotate()
    empty = segment(intake, 0)
    content = empty.read_bytes()
    await intake.upkeep.turn()
    await intake.crash()
    assert not empty.exists()
    empty.write_bytes(content)
    for _ in range(2):
        await intake.start()
        assert [row[-1] for row in intake.rows()] == ["a", "b"]
        assert intake.ledger.producers.named("wal").last_batch == 1
        assert intake.instrumentation.counts["JournalDamaged"] == 0
        await intake.crash()


async def test_no_sequence_is_left_out_behind_rows_where_an_older_segment_has_none(intake: Intake) -> None:
    """It would look like a row that is missing."""
    await intake.start()
    await intake.crash()
    await intake.start()
    await intake.store([start("a", HOUR + 1.0)], 1)
    await intake.crash()
    for _ in range(2):
        await intake.start()
        assert intake.instrumentation.counts["JournalDamaged"] == 0
        await intake.crash()


async def test_a_batch_without_events_that_was_refused_hides_none_before_it(intake: Intake, disk: FailingFiles) -> None:
    """Of a write whose sync failed the disk may have the end and not the middle: neither is known, both come again."""
    await intake.start()
    await intake.store([start("a", HOUR + 1.0)], 1)
    disk.good = 1
    answers = Answers()
    intake.recorder.submit(answers.submission([start("operation-b", HOUR + 1.0)], 2))
    intake.recorder.submit(answers.submission([], 3))
    await answers.all()
    assert answers.told == [("nack", 2), ("nack", 3)]
    disk.good = PLENTY
    await intake.recorder.rotate()
    await intake.crash()
    path = segment(intake, 0)
    path.write_bytes(path.read_bytes().replace(b"operation-b", b"operation-X"))
    await intake.start()
    assert intake.ledger.producers.named("wal").last_batch == 1


async def test_a_torn_write_hides_no_batch(intake: Intake) -> None:
    """Where the disk took the end of what was written together and not its middle, nobody is told that it is stored."""
    await intake.prepare()
    answers = Answers()
    for number in (1, 2, 3):
        intake.recorder.submit(answers.submission([start(f"operation-{number}", HOUR + 1.0)], number))
    intake.record()
    await answers.all()
    await intake.crash()
    path = segment(intake, 0)
    path.write_bytes(path.read_bytes().replace(b"operation-2", bytes(11)))
    for _ in range(2):
        await intake.start()
        assert [row[-1] for row in intake.rows()] == ["operation-1"]
        assert intake.ledger.producers.named("wal").last_batch == 1
        await intake.crash()


async def test_what_a_start_tells_of_is_written_anew(intake: Intake, disk: FailingFiles) -> None:
    """The last segment may be in the cache alone: where it cannot be made durable, nobody is welcomed."""
    await intake.start()
    await intake.store([start("a", HOUR + 1.0)], 1)
    await intake.crash()
    disk.faults.plan.append(Fault("sync", disk.faults.counts["sync"] + 1))
    with pytest.raises(OSError, match="Input/output error"):
        await intake.prepare()
    await intake.start()
    assert [row[-1] for row in intake.rows()] == ["a"]


async def test_a_refused_batch_without_events_is_not_known_where_the_next_checkpoint_is_lost(
    intake: Intake, disk: FailingFiles
) -> None:
    """It would hide the batch that was refused before it."""
    await intake.start()
    await intake.store([start("a", HOUR + 1.0)], 1)
    disk.faults.plan.append(Fault("sync", disk.faults.counts["sync"] + 1))
    assert await intake.store([], 3) == [("nack", 3)]
    await intake.recorder.rotate()
    await intake.crash()
    path = segment(intake, 1)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(bytes(data) + encode_record(EventsRecord(3, HOUR + 2.0, "other", 1, b'{"batch":1,"events":[]}')))
    await intake.start()
    assert intake.ledger.producers.named("wal").last_batch == 1


async def test_a_discarded_batch_is_known_though_the_next_one_was_refused(intake: Intake, disk: FailingFiles) -> None:
    """It was acknowledged: in the segment that was given up it looks like what was refused, so the next checkpoint tells."""
    await intake.start()
    await intake.store([start("a", HOUR + 1.0)], 1)
    intake.set("telemetry", enabled=False)
    assert await intake.store([start("b", HOUR + 1.0)], 2) == [("ack", 2)]
    disk.faults.plan.append(Fault("sync", disk.faults.counts["sync"] + 1))
    assert await intake.store([start("c", HOUR + 1.0)], 3) == [("nack", 3)]
    await intake.recorder.rotate()
    await intake.crash()
    await intake.start()
    assert intake.ledger.producers.named("wal").last_batch == 2


async def test_sequences_of_parts_are_not_given_again(intake: Intake) -> None:
    """Where the journal is gone, the names of parts tell which are taken."""
    await intake.start()
    await intake.store([start("a", HOUR + 1.0), start("b", HOUR + 1.0)], 1)
    await intake.recorder.rotate()
    await intake.upkeep.seal()
    await intake.crash()
    for name in intake.segments():
        (Path(intake.folder.journal) / name).unlink()
    await intake.start()
    assert intake.catalog.last == 2
    assert intake.ledger.sequence > 2
