"""Upkeep makes parts of what is frozen, one file of each finished hour, and removes what is old."""

from __future__ import annotations

import asyncio

import pytest

from telemetryd.ingest.upkeep import LONGEST_QUIET
from telemetryd.model.timerange import DAY
from tests.disk.faults import PLENTY, FailingFiles, Fault

from .intake import HOUR, Clock, Intake, change, start


def parts(intake: Intake) -> dict[int, tuple[int, int]]:
    """Return the numbers of events and rollup parts of each hour."""
    return {hour: (len(each.events), len(each.rollups)) for hour, each in intake.catalog.view().items()}


async def test_a_frozen_head_becomes_parts_and_its_segment_goes(intake: Intake) -> None:
    """Its rows are seen all the time, once."""
    await intake.start()
    await intake.store([start("a", HOUR - 1.0), start("b", HOUR + 1.0)], 1)
    await asyncio.wait_for(intake.recorder.rotate(), 30)
    before = intake.rows()
    await intake.upkeep.seal()
    assert intake.rows() == before and len(before) == 2
    assert intake.recorder.backlog.closed == []
    assert parts(intake) == {HOUR - 3600: (1, 1), HOUR: (1, 1)}
    assert [name.rpartition(".")[2] for name in intake.segments()] == ["active"]


async def test_a_head_is_sealed_when_it_is_old(intake: Intake, clock: Clock) -> None:
    """However few rows it has."""
    intake.set("storage", head_age=900)
    await intake.start()
    await intake.store([start("a", clock.now)], 1)
    await intake.upkeep.turn()
    clock.now += 899
    await intake.upkeep.turn()
    assert parts(intake) == {}
    clock.now += 1
    await intake.upkeep.turn()
    assert parts(intake) == {HOUR: (1, 1)}


async def test_an_hour_is_sealed_and_made_one_file_when_it_is_over(intake: Intake, clock: Clock) -> None:
    """After its grace, from all its parts; what the files hold does not change."""
    intake.set("storage", seal_grace=60, head_age=3600)
    await intake.start()
    for number in (1, 2):
        await intake.store([start(f"id-{number}", clock.now), change(f"id-{number}", "failed", clock.now + 1)], number)
        await asyncio.wait_for(intake.recorder.rotate(), 30)
        await intake.upkeep.turn()
    await intake.store([start("last", HOUR + 3599.0)], 3)
    before = intake.rows()
    clock.now = HOUR + 3600 + 59
    await intake.upkeep.turn()
    assert parts(intake) == {HOUR: (2, 2)}
    clock.now += 1
    await intake.upkeep.turn()
    assert parts(intake) == {HOUR: (1, 1)}
    assert intake.rows() == before
    assert len(intake.files.names(intake.folder.partition("events", HOUR))) == 1


async def test_late_events_wait_for_one_another(intake: Intake, clock: Clock) -> None:
    """Until none has come for a while, so that each does not cost a rewrite of its hour."""
    intake.set("storage", late_quiet=5, head_age=3600)
    await intake.start()
    await intake.store([start("a", HOUR - 7200.0)], 1)
    await intake.upkeep.turn()
    assert parts(intake) == {}
    clock.now += 4
    await intake.store([start("b", HOUR - 7200.0)], 2)
    clock.now += 4
    await intake.upkeep.turn()
    assert parts(intake) == {}
    clock.now += 1
    await intake.upkeep.turn()
    assert parts(intake) == {HOUR - 7200: (1, 1)}


async def test_late_events_do_not_wait_for_ever(intake: Intake, clock: Clock) -> None:
    """Where they never cease, they are sealed all the same."""
    intake.set("storage", late_quiet=5, head_age=3600)
    await intake.start()
    waited = 0
    while not parts(intake):
        await intake.store([start(f"id-{waited}", HOUR - 7200.0)], waited + 1)
        await intake.upkeep.turn()
        clock.now += 4
        waited += 4
    assert LONGEST_QUIET <= waited <= LONGEST_QUIET + 8


async def test_a_late_event_is_added_to_its_hour_which_is_one_file_again(intake: Intake, clock: Clock) -> None:
    """An hour that was compacted long ago is compacted anew."""
    intake.set("storage", late_quiet=0)
    await intake.start()
    for number in (1, 2):
        await intake.store([start(f"id-{number}", HOUR - 7200.0 + number)], number)
        await intake.upkeep.turn()
        assert parts(intake) == {HOUR - 7200: (1, 1)}
    assert len(intake.rows()) == 2


async def test_partitions_older_than_the_retention_go_and_no_others(intake: Intake, clock: Clock) -> None:
    """Whole hours, events and rollups alike."""
    intake.set("telemetry", retention_days=2)
    intake.set("storage", late_quiet=0)
    await intake.start()
    await intake.store([start("old", HOUR - 2 * DAY + 3601.0), start("new", HOUR - 2 * DAY + 7201.0)], 1)
    await intake.upkeep.turn()
    assert len(parts(intake)) == 2
    clock.now = HOUR + 7200.0
    await intake.upkeep.turn()
    assert [row[-1] for row in intake.rows()] == ["new"]
    assert intake.files.names(intake.folder.partition("rollups", HOUR - 2 * DAY + 3600)) == []


async def test_a_clock_that_is_stepped_ahead_removes_nothing_for_an_hour(intake: Intake, clock: Clock) -> None:
    """It may be set right again; if it was, nothing is gone, and if it stays, what is old goes then."""
    intake.set("telemetry", retention_days=2)
    intake.set("storage", late_quiet=0)
    await intake.start()
    await intake.store([start("a", HOUR - 7200.0)], 1)
    await intake.upkeep.turn()
    clock.now, intake.stepped = clock.now + 31 * DAY, 31 * DAY
    for _ in range(3):
        clock.now += 1000.0
        await intake.upkeep.turn()
    assert [row[-1] for row in intake.rows()] == ["a"]
    assert intake.instrumentation.counts["ClockStepped"] == 1
    clock.now += 2000.0
    await intake.upkeep.turn()
    assert intake.rows() == []


async def test_rows_of_a_brief_segment_go_when_their_hour_is_compacted(intake: Intake, clock: Clock) -> None:
    """Their rollups stay."""
    intake.set("telemetry", enable_detailed_timing=False)
    intake.set("storage", late_quiet=0)
    await intake.start()
    await intake.store([start("a", HOUR - 7200.0)], 1)
    await intake.upkeep.turn()
    assert parts(intake) == {HOUR - 7200: (0, 1)}
    assert intake.rows() == []


@pytest.mark.parametrize("good", [0, 1, 3, 5, 8])
async def test_a_disk_that_fails_is_told_and_tried_again(intake: Intake, disk: FailingFiles, good: int) -> None:
    """At whichever step it fails: nothing is lost, nothing is seen twice, and the next turn goes on."""
    intake.set("storage", late_quiet=0)
    await intake.start()
    await intake.store([start("a", HOUR - 7200.0), start("b", HOUR - 3600.0)], 1)
    await asyncio.wait_for(intake.recorder.rotate(), 30)
    before = intake.rows()
    disk.good = good
    for _ in range(2):
        await intake.upkeep.turn()
        assert intake.upkeep.problem.startswith("the store cannot be kept in order")
        assert intake.rows() == before
    assert intake.instrumentation.counts["UpkeepFailed"] == 1
    disk.good = PLENTY
    await intake.upkeep.turn()
    assert intake.upkeep.problem == ""
    assert intake.rows() == before
    assert parts(intake) == {HOUR - 7200: (1, 1), HOUR - 3600: (1, 1)}


async def test_a_disk_that_says_that_it_fails_is_no_hang(intake: Intake, disk: FailingFiles) -> None:
    """A daemon that is ended for it would only have to start on the same disk."""
    await intake.start()
    await intake.store([start("a", HOUR + 1.0)], 1)
    await asyncio.wait_for(intake.recorder.rotate(), 30)
    intake.recorder.pace.crowded()
    disk.good = 0
    await intake.upkeep.turn()
    assert intake.upkeep.problem
    assert intake.recorder.pace.signs.crowded_since is None


async def test_a_head_whose_segment_is_not_closed_yet_waits(intake: Intake) -> None:
    """Its rows are seen; its segment's name is not final."""
    await intake.start()
    await intake.store([start("a", HOUR + 1.0)], 1)
    await asyncio.wait_for(intake.recorder.rotate(), 30)
    (closed,) = intake.recorder.backlog.closed
    closed.final = False
    await intake.upkeep.seal()
    assert intake.recorder.backlog.closed == [closed]
    closed.final = True
    await intake.upkeep.seal()
    assert intake.recorder.backlog.closed == []


async def test_the_last_turn_seals_what_the_recorder_left(intake: Intake) -> None:
    """After a clean stop everything is in parts."""
    await intake.start()
    keeping = asyncio.create_task(intake.upkeep.run())
    await intake.store([start("a", HOUR + 1.0)], 1)
    intake.recorder.drain()
    await intake._ended()
    intake.upkeep.stop()
    await asyncio.wait_for(keeping, 30)
    assert parts(intake) == {HOUR: (1, 1)}
    assert intake.recorder.backlog.closed == []


async def test_a_part_that_cannot_be_read_is_done_without(intake: Intake) -> None:
    """It is out of the catalogue at once, in quarantine, and told, once; its hour is made whole when it is over."""
    await intake.start()
    await intake.store([start("a", HOUR + 1.0)], 1)
    await asyncio.wait_for(intake.recorder.rotate(), 30)
    await intake.upkeep.seal()
    (rollup,) = intake.catalog.view()[HOUR].rollups
    for _ in range(2):
        await intake.upkeep.set_aside(rollup, "damaged")
    assert parts(intake) == {HOUR: (1, 0)}
    assert intake.instrumentation.counts["Quarantined"] == 1
    assert intake.files.exists(f"{intake.folder.path}/quarantine/{rollup.path.removeprefix(intake.folder.path + '/')}")
    intake.clock.now = HOUR + 2 * 3600
    await intake.upkeep.compact()
    assert parts(intake) == {HOUR: (1, 1)}


async def test_a_part_that_cannot_be_moved_is_done_without_all_the_same(intake: Intake, disk: FailingFiles) -> None:
    """A full disk does not take its folder: it is told, and found again at the next start."""
    await intake.start()
    await intake.store([start("a", HOUR + 1.0)], 1)
    await asyncio.wait_for(intake.recorder.rotate(), 30)
    await intake.upkeep.seal()
    (rollup,) = intake.catalog.view()[HOUR].rollups
    disk.good = 0
    await intake.upkeep.set_aside(rollup, "damaged")
    assert parts(intake) == {HOUR: (1, 0)}
    assert (intake.instrumentation.counts["Quarantined"], intake.instrumentation.counts["UpkeepFailed"]) == (1, 1)
    disk.good = PLENTY


async def test_a_problem_is_told_no_longer_than_there_is_one(intake: Intake, disk: FailingFiles, clock: Clock) -> None:
    """Whoever asks whether all is well hears so when the first thing goes well again, not when all that waits is done."""
    intake.set("storage", late_quiet=0)
    await intake.start()
    hours = [HOUR - 3600 * each for each in range(6)]
    for number in (1, 2):
        await intake.store([start(f"{number}-{hour}", hour + 1.0) for hour in hours], number)
        await asyncio.wait_for(intake.recorder.rotate(), 30)
        await intake.upkeep.seal()
    clock.now = HOUR + 2 * 3600.0
    disk.good = 0
    assert await intake.store([start("refused", HOUR + 1.0)], 3) == [("nack", 3)]
    await intake.upkeep.turn()
    assert "(compact)" in intake.upkeep.problem and intake.recorder.problem
    disk.good = PLENTY
    turn = asyncio.create_task(intake.upkeep.turn())
    seen: set[tuple[bool, bool]] = set()
    while not turn.done():
        compacted = [hour for hour, (events, _) in parts(intake).items() if events == 1]
        seen.add((len(compacted) < 6, intake.upkeep.problem == intake.recorder.problem == ""))
        await asyncio.sleep(0)
    await turn
    assert (True, True) in seen, "well, and not done"
    assert intake.upkeep.problem == ""
    assert parts(intake) == dict.fromkeys(hours, (1, 1))


async def test_an_hour_that_cannot_be_removed_is_tried_again_and_keeps_no_other(
    intake: Intake, disk: FailingFiles, clock: Clock
) -> None:
    """Retention goes on with the others, tells of it, and removes it when the disk is well."""
    intake.set("telemetry", retention_days=2)
    intake.set("storage", late_quiet=0)
    await intake.start()
    await intake.store([start("a", HOUR - 2 * DAY + 3601.0), start("b", HOUR - 2 * DAY + 7201.0)], 1)
    await intake.upkeep.turn()
    clock.now = HOUR + 2 * DAY
    disk.faults.plan.append(Fault("remove", disk.faults.counts["remove"] + 1))
    await intake.upkeep.turn()
    assert "(retain)" in intake.upkeep.problem
    assert parts(intake) == {HOUR - 2 * DAY + 3600: (1, 1)}
    await intake.upkeep.turn()
    assert (intake.upkeep.problem, parts(intake)) == ("", {})
    for kind in ("events", "rollups"):
        assert intake.files.names(intake.folder.root(kind)) == []


async def test_leftovers_of_a_compaction_are_removed_when_the_disk_is_well(
    intake: Intake, disk: FailingFiles, clock: Clock
) -> None:
    """Not only at the next start: files that nobody knows of would fill the disk."""
    intake.set("storage", late_quiet=0)
    await intake.start()
    for number in (1, 2):
        await intake.store([start(f"id-{number}", clock.now)], number)
        await asyncio.wait_for(intake.recorder.rotate(), 30)
        await intake.upkeep.seal()
    clock.now = HOUR + 2 * 3600.0
    disk.faults.plan.append(Fault("remove", disk.faults.counts["remove"] + 1))
    await intake.upkeep.turn()
    assert "(compact)" in intake.upkeep.problem
    assert len(intake.files.names(intake.folder.partition("events", HOUR))) == 3
    await intake.upkeep.turn()
    assert intake.upkeep.problem == ""
    assert len(intake.files.names(intake.folder.partition("events", HOUR))) == 1
    assert len(intake.rows()) == 2


async def test_a_leftover_that_cannot_be_removed_keeps_no_other(
    intake: Intake, disk: FailingFiles, clock: Clock
) -> None:
    """Each hour's are tried again on their own."""
    intake.set("storage", late_quiet=0)
    await intake.start()
    for number in (1, 2):
        await intake.store([start(f"id-{number}", HOUR - 7000.0), start(f"other-{number}", HOUR + 1.0)], number)
        await asyncio.wait_for(intake.recorder.rotate(), 30)
        await intake.upkeep.seal()
    clock.now = HOUR + 2 * 3600.0
    # The first hour has four leftovers; its first does not go, twice.
    nth = disk.faults.counts["remove"]
    disk.faults.plan.extend([Fault("remove", nth + 1), Fault("remove", nth + 6)])

    def left(hour: int) -> int:
        return len(intake.files.names(intake.folder.partition("events", hour)))

    await intake.upkeep.turn()
    assert (left(HOUR - 7200), left(HOUR)) == (3, 1)
    await intake.upkeep.turn()
    assert "(compact)" in intake.upkeep.problem
    await intake.upkeep.turn()
    assert (intake.upkeep.problem, left(HOUR - 7200), left(HOUR)) == ("", 1, 1)


async def day_in_the_past(intake: Intake) -> int:
    """Store two hours of a day that is over, and keep house; return the day."""
    intake.set("storage", late_quiet=0, seal_grace=60)
    await intake.start()
    await intake.store([start("a", HOUR - 3000.0), start("b", HOUR + 100.0)], 1)
    intake.clock.now = HOUR + 3 * 3600.0
    await intake.upkeep.turn()
    return HOUR // DAY * DAY


async def test_a_day_that_is_over_gets_a_file_and_a_late_event_another_one(intake: Intake, clock: Clock) -> None:
    """Which takes the first one's place; the daemon says so."""
    day = await day_in_the_past(intake)
    assert intake.catalog.days()[day].whole
    first = intake.files.names(intake.folder.partition("days", day))
    await intake.store([start("late", HOUR + 200.0)], 2)
    await intake.upkeep.turn()
    second = intake.files.names(intake.folder.partition("days", day))
    assert (len(first), len(second), first == second) == (1, 1, False)
    assert intake.catalog.days()[day].whole
    assert intake.instrumentation.counts["Summarised"] == 2
    await intake.upkeep.turn()
    assert intake.instrumentation.counts["Summarised"] == 2


async def test_a_store_without_files_of_days_gets_them(intake: Intake) -> None:
    """As one of an earlier release does, at its first turn."""
    day = await day_in_the_past(intake)
    file = intake.catalog.days()[day].file
    assert file is not None
    intake.catalog.drop_day(file)
    intake.files.remove(file.part.path)
    await intake.upkeep.turn()
    assert intake.catalog.days()[day].whole
    assert intake.files.exists(file.part.path)


async def test_a_day_goes_with_the_last_of_its_hours(intake: Intake, clock: Clock) -> None:
    """While some of them are within the retention, it tells of these."""
    intake.set("telemetry", retention_days=2)
    day = await day_in_the_past(intake)
    clock.now = HOUR + 2 * DAY + 1.0
    await intake.upkeep.turn()
    assert intake.catalog.days()[day].told == {HOUR}
    clock.now += 3600.0
    await intake.upkeep.turn()
    assert (dict(intake.catalog.days()), intake.catalog.orphans) == ({}, [])
    assert intake.files.names(intake.folder.root("days")) == []


async def test_a_day_that_cannot_be_read_is_done_without(intake: Intake) -> None:
    """It goes to quarantine, and is made anew of its hours."""
    day = await day_in_the_past(intake)
    file = intake.catalog.days()[day].file
    assert file is not None
    for _ in range(2):
        await intake.upkeep.set_aside(file.part, "damaged")
    assert intake.catalog.days()[day].file is None
    assert intake.instrumentation.counts["Quarantined"] == 1
    await intake.upkeep.turn()
    assert intake.catalog.days()[day].whole


async def test_a_rollup_that_is_lost_before_its_day_is_made_is_made_first(intake: Intake) -> None:
    """From its events; the day after it."""
    day = await day_in_the_past(intake)
    file, (rollup,) = intake.catalog.days()[day].file, intake.catalog.view()[HOUR].rollups
    assert file is not None
    intake.catalog.drop_day(file)
    intake.files.remove(file.part.path)
    intake.files.remove(rollup.path)
    await intake.upkeep.summarise()
    assert intake.catalog.days()[day].file is None
    await intake.upkeep.turn()
    assert intake.catalog.days()[day].whole


async def test_a_day_that_cannot_be_written_is_told_and_tried_again(intake: Intake, disk: FailingFiles) -> None:
    """Its hours tell of it meanwhile."""
    day = await day_in_the_past(intake)
    file = intake.catalog.days()[day].file
    assert file is not None
    intake.catalog.drop_day(file)
    disk.faults.plan.append(Fault("create", disk.faults.counts["create"] + 1))
    await intake.upkeep.turn()
    assert "(summarise)" in intake.upkeep.problem
    assert intake.catalog.days()[day].file is None
    await intake.upkeep.turn()
    assert (intake.upkeep.problem, intake.catalog.days()[day].whole) == ("", True)


async def test_how_long_a_seal_took_is_told(intake: Intake) -> None:
    """One for each head that was sealed."""
    await intake.start()
    seals = intake.instrumentation.durations["seal"]
    assert sum(seals.taken().counts) == 0
    for number in (1, 2):
        await intake.store([start(f"{number}", HOUR + 1.0)], number)
        await asyncio.wait_for(intake.recorder.rotate(), 30)
        await intake.upkeep.seal()
        assert sum(seals.taken().counts) == number
