"""Wherever the machine crashes, what was acknowledged is stored, once, and every answer is right.

Each of these runs a daemon's intake over a disk that remembers all it was told, stops the world
before every call that changes something, and starts again on what a loss of power, or the end of
the process alone, may have left; from some of these points with a second crash meanwhile. After
each start: what was acknowledged or welcomed is stored; every batch is stored wholly, once, or not
at all; none was overtaken by a later one of its producer; nothing is stored that was not sent; all
eight metrics are those that brute force finds in what is stored; no damage is told where there is none.
"""

from __future__ import annotations

import pytest

from telemetryd.storage.files import write_whole
from tests.disk.disk import MOUNT, CrashDisk
from tests.disk.platter import Platter

from . import scenarios
from .crashes import (
    EFFORT,
    STATES,
    Explored,
    crash_everywhere,
    crash_in_the_start_after_a_kill,
    crash_into_every_state,
)
from .world import configuration_on

# Each makes hundreds of starts.
pytestmark = pytest.mark.timeout(600 * EFFORT)
# What each has to find to crash at, so that none falls silent.
FEW, MANY = 5, 40


def show(explored: Explored, least: int) -> None:
    """Print how much was explored; fail where that is hardly anything."""
    print(explored)
    assert explored.points >= least


async def test_a_crash_while_batches_are_accepted_loses_none_that_was_acknowledged() -> None:
    """Nor does it store half of one, or one that came in with it and after it."""
    show(await crash_everywhere(scenarios.accept, 12 * STATES), FEW)


async def test_a_batch_is_stored_or_not_in_whatever_state_the_disk_is_left() -> None:
    """Each subset of sectors, lengths and names that may have reached the disk, of a few small batches."""
    show(await crash_into_every_state(scenarios.accept_little, 1000), FEW)


async def test_a_crash_while_a_new_segment_begins_loses_no_segment_before_it() -> None:
    """Neither its rows nor the checkpoint that later segments go on from."""
    show(await crash_everywhere(scenarios.rotate, 3 * STATES), FEW)


async def test_a_crash_while_a_head_is_sealed_shows_its_rows_once() -> None:
    """In the parts or in the segment, for all of its hours alike."""
    show(await crash_everywhere(scenarios.seal), MANY)


async def test_a_crash_while_an_hour_is_compacted_counts_nothing_twice() -> None:
    """Old parts go only when the new one is there for good."""
    show(await crash_everywhere(scenarios.compact), MANY)


async def test_a_crash_while_rows_are_dropped_keeps_what_rollups_count_of_them() -> None:
    """Compaction without detail keeps every number."""
    show(await crash_everywhere(scenarios.compact_brief), MANY)


async def test_a_crash_while_a_day_is_summarised_shows_its_numbers_once() -> None:
    """From its hours, from its file, or from the one that takes its place: whichever tells all that is stored."""
    show(await crash_everywhere(scenarios.summarise), MANY)


async def test_a_crash_while_old_hours_are_removed_touches_no_other() -> None:
    """What is within the retention is there, and right."""
    show(await crash_everywhere(scenarios.retain), FEW)


async def test_a_crash_at_a_stop_or_a_start_forgets_no_operation_in_flight_and_no_producer() -> None:
    """They are in the checkpoint alone then."""
    show(await crash_everywhere(scenarios.checkpoint), MANY)


async def test_a_crash_while_a_long_journal_is_sealed_on_the_way_of_its_replay_shows_its_rows_once() -> None:
    """What is sealed by then is committed or undone, what is not is replayed, and nothing in flight is forgotten."""
    show(await crash_everywhere(scenarios.replay_long), MANY)


async def test_a_crash_while_a_damaged_segment_is_sealed_loses_nothing_else() -> None:
    """It is in the journal or in quarantine, its rows in it or in parts."""
    show(await crash_everywhere(scenarios.replay_damaged), MANY)


async def test_a_crash_while_a_segment_that_was_given_up_is_sealed_stores_nothing_that_was_refused() -> None:
    """The batch came again: with the bytes of its first try it would be stored twice."""
    show(await crash_everywhere(scenarios.seal_given_up, 4 * STATES), FEW)


async def test_a_crash_in_the_very_first_start_is_as_if_it_had_not_been() -> None:
    """Folders that were made and not yet durable are made so by the start after it."""
    show(await crash_everywhere(scenarios.first_start), FEW)


async def test_whom_a_start_welcomes_it_need_not_tell_again() -> None:
    """What it found of a process that was killed before its sync is on disk before a producer hears of it."""
    show(await crash_in_the_start_after_a_kill(scenarios.accept_little, lambda point: True), FEW)


async def test_a_start_removes_nothing_for_what_is_not_durable_itself() -> None:
    """Of a process that was killed the new part may be in the cache alone, while the old ones are on disk."""
    show(await crash_in_the_start_after_a_kill(scenarios.compact, lambda point: point.verb == "sync_folder"), FEW)


def test_a_crash_while_settings_are_stored_leaves_the_old_ones_or_the_new() -> None:
    """In every state that the disk may be left in; once they are stored they are the new."""
    disk = CrashDisk()
    configuration_on(disk).update({"retention_days": 7})
    before: list[Platter] = []
    disk.watch = lambda call, verb: before.append(disk.platter)
    configuration_on(disk).update({"retention_days": 90, "sampling_interval": 10})
    states = [state for platter in before for state in platter.all_after_crash()]
    found = {stored(state) for state in states}
    assert found == {(7, 60), (90, 10)}
    assert {stored(state) for state in disk.platter.all_after_crash()} == {(90, 10)}
    print(f"{len(before)} crash points, {len(states)} disk states")


def test_a_file_written_whole_is_the_old_one_or_the_new_in_every_state() -> None:
    """Its bytes are on disk before its name is, at any length."""
    disk, path = CrashDisk(), f"{MOUNT}/file"
    write_whole(disk, path, b"old" * 400)
    states: list[Platter] = []
    disk.watch = lambda call, verb: states.extend(disk.platter.all_after_crash())
    write_whole(disk, path, b"newer" * 400)
    assert {state.listing()[path] for state in states} == {b"old" * 400, b"newer" * 400}


def stored(platter: Platter) -> tuple[int, int]:
    configuration = configuration_on(CrashDisk(platter))
    assert not configuration.damaged
    return configuration.settings.telemetry.retention_days, configuration.settings.telemetry.sampling_interval
