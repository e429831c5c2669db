"""Whatever call of the disk goes wrong, nothing acknowledged is lost, and when the disk is well all goes on.

Each of these runs a daemon's intake once for each of its calls to the disk, which fails: with an
error of the device, for want of space, after a part of a write, or interrupted, alone or with those
after it. Producers come again with what was refused. In the end everything that was sent is stored,
once, no problem is told any more, and a loss of power changes nothing about it.
"""

from __future__ import annotations

import errno
import random

import pytest

from telemetryd.model.errors import StorageError
from tests.disk.disk import CrashDisk
from tests.disk.faults import LOOKS, PLENTY, Fault, Faults
from tests.disk.platter import Platter

from . import scenarios
from .crashes import EFFORT
from .faulty import Injected, fail_everywhere
from .world import World, configuration_on

# Each goes through its scenario dozens of times.
pytestmark = pytest.mark.timeout(600 * EFFORT)


def show(injected: Injected, *verbs: str) -> None:
    """Print what was injected; fail where a verb never failed."""
    print(injected)
    assert set(verbs) <= set(injected.raised)


async def test_a_write_or_a_sync_that_fails_is_refused_and_stored_when_it_comes_again() -> None:
    """Not twice, though the bytes of the first try may be on disk."""
    show(await fail_everywhere(scenarios.accept), "write", "sync", "create")


async def test_a_segment_that_cannot_be_closed_or_begun_costs_no_row() -> None:
    """The recorder goes on in another."""
    show(await fail_everywhere(scenarios.rotate), "create", "write", "sync", "rename", "sync_folder")


async def test_a_head_that_cannot_be_sealed_is_sealed_later() -> None:
    """Its rows are seen all the while."""
    show(await fail_everywhere(scenarios.seal), "add_folder", "create", "write", "sync", "rename", "remove")


async def test_an_hour_that_cannot_be_compacted_is_answered_from_its_parts() -> None:
    """Half a compaction is undone."""
    show(await fail_everywhere(scenarios.compact), "create", "write", "sync", "rename", "remove", "sync_folder")


async def test_a_day_that_cannot_be_summarised_is_answered_from_its_hours() -> None:
    """Half a file of a day is undone, and made when the disk is well."""
    show(await fail_everywhere(scenarios.summarise), "add_folder", "create", "write", "sync", "rename", "remove")


async def test_an_hour_that_cannot_be_removed_keeps_none_that_may_stay_from_being_right() -> None:
    """It goes when the disk is well."""
    show(await fail_everywhere(scenarios.retain), "remove", "remove_folder", "sync_folder")


async def test_a_stop_or_a_start_that_fails_loses_no_state() -> None:
    """Whoever starts the daemon again finds everything."""
    show(await fail_everywhere(scenarios.checkpoint), "add_folder", "create", "write", "sync", "rename", "remove")


async def test_a_long_journal_that_cannot_be_sealed_on_the_way_of_its_replay_is_sealed_later() -> None:
    """What is not sealed waits in memory, however much it is."""
    show(await fail_everywhere(scenarios.replay_long), "add_folder", "create", "write", "remove", "sync_folder")


async def test_a_damaged_segment_that_cannot_be_set_aside_is_set_aside_later() -> None:
    """Its rows are seen all the while, once."""
    show(await fail_everywhere(scenarios.replay_damaged), "create", "write", "rename", "sync_folder")


async def test_a_first_start_that_fails_is_as_if_it_had_not_been() -> None:
    """The next one makes what is missing."""
    show(await fail_everywhere(scenarios.first_start), "add_folder", "sync_folder", "create", "write", "sync", "rename")


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EINTR])
def test_settings_that_cannot_be_stored_are_refused_and_stored_when_they_come_again(number: int) -> None:
    """What is on disk is the old or the new, whatever call failed, and nothing of the disk's is in their way."""
    begun = CrashDisk()
    configuration_on(begun).update({"retention_days": 7})
    counted = CrashDisk(begun.platter)
    configuration_on(counted).update({"retention_days": 90})
    for nth in range(1, counted.calls + 1):
        disk = CrashDisk(begun.platter, Faults(Fault("", nth, number)))
        configuration = configuration_on(disk)
        with pytest.raises(StorageError, match="settings: expected to store them"):
            configuration.update({"retention_days": 90})
        assert configuration.settings.telemetry.retention_days == 7
        assert {days(platter) for platter in disk.platter.all_after_crash()} <= {7, 90}
        configuration.update({"retention_days": 90})
        assert {days(platter) for platter in disk.platter.all_after_crash()} == {90}
        assert disk.mistrusted == []
    print(f"{counted.calls} faults")


async def test_a_read_that_fails_for_a_moment_sets_nothing_aside() -> None:
    """Too many open files, no memory, a signal: what can be read later is read later."""
    show(await fail_everywhere(scenarios.compact_brief, LOOKS), *LOOKS)
    show(await fail_everywhere(scenarios.summarise, LOOKS), *LOOKS)


async def test_a_file_whose_sync_failed_is_never_written_or_synced_again() -> None:
    """Its bytes may be lost though the next sync would say otherwise: a new segment begins, and the producer comes again."""
    disk = CrashDisk()
    world = World(disk)
    await world.start()
    await world.send(("p", world.events("p")))
    disk.faults.plan.append(Fault("sync", disk.faults.counts["sync"] + 1))
    batch = world.promises.next("p", world.events("p"))
    assert await world.submit([batch]) == [("nack", 2)]
    assert await world.submit([batch]) == [("ack", 2)]
    await world.end()
    assert disk.mistrusted == []
    for number in range(20):
        after = World(disk.crashed(random.Random(number)), world.promises.copy())
        await after.start()
        assert await after.verify() == world.promises.sent
        await after.end()


async def test_what_was_refused_does_not_count_though_its_bytes_are_there() -> None:
    """Its producer sends it again, perhaps after others that were refused with it."""
    disk = CrashDisk()
    world = World(disk)
    await world.start()
    await world.send(("p", world.events("p")), ("q", world.events("q")))
    disk.faults.plan.append(Fault("sync", disk.faults.counts["sync"] + 1))
    first, second = world.promises.next("p", world.events("p", 2)), world.promises.next("q", world.events("q"))
    assert await world.submit([first, second]) == [("nack", 2), ("nack", 2)]
    assert await world.submit([second]) == [("ack", 2)]
    await world.end()
    after = World(disk.killed(), world.promises)
    await after.start()
    await after.verify()
    await after.resend("p")
    assert await after.verify() == world.promises.sent
    await after.end()


async def test_no_segment_goes_while_none_after_it_tells_of_producers_and_operations_in_flight() -> None:
    """Its rows may be in parts: what its checkpoint and its records tell besides is nowhere else."""
    disk = CrashDisk()
    world = World(disk)
    await world.start()
    await world.send(("p", world.events("p", 2, open_one=True)))
    disk.faults.plan.append(Fault("create", disk.faults.counts["create"] + 1))
    await world.rotate()
    assert world.intake.recorder.problem
    await world.keep_house("seal")
    await world.end()
    after = World(CrashDisk(disk.platter.least_after_crash()), world.promises.copy())
    await after.start()
    assert await after.verify() == world.promises.sent
    await after.end()


@pytest.mark.parametrize("verb", ["write", "sync", ""], ids=["writes", "syncs", "everything"])
async def test_a_disk_that_takes_nothing_for_hours_loses_nothing(verb: str) -> None:
    """What was acknowledged before is answered meanwhile, what comes is refused, and afterwards taken without a restart."""
    disk = CrashDisk()
    world = World(disk)
    await world.start()
    await world.send(("p", world.events("p", 2, open_one=True)))
    disk.faults.plan.append(Fault(verb, 1, errno.ENOSPC, PLENTY))
    refused = [world.promises.next("p", world.events("p")) for _ in range(3)]
    for batch in refused:
        assert await world.submit([batch]) == [("nack", batch.number)]
        await world.rotate()
        await world.keep_house("turn")
        assert world.intake.recorder.problem.startswith("the journal cannot be written")
        assert len(await world.verify()) == 1
    disk.faults.clear()
    await world.resend("p")
    await world.tidy()
    await world.keep_house("turn")
    assert (world.intake.recorder.problem, world.intake.upkeep.problem) == ("", "")
    assert await world.verify() == world.promises.sent
    await world.end()


def days(platter: Platter) -> int:
    configuration = configuration_on(CrashDisk(platter))
    assert not configuration.damaged
    return configuration.settings.telemetry.retention_days
