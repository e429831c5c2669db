"""What the disk of these tests may lose, and what it never does: it has to be as hard as a real one, and no harder."""

from __future__ import annotations

import errno
import random

import pytest

from .disk import MOUNT, CrashDisk, PowerCut
from .faults import Fault, Faults
from .platter import SECTOR

PATH = f"{MOUNT}/file"


def left(disk: CrashDisk) -> list[dict[str, bytes | None]]:
    """Return every listing that a loss of power can leave."""
    return [platter.listing() for platter in disk.platter.all_after_crash()]


def holding(disk: CrashDisk, data: bytes) -> CrashDisk:
    """Return a disk with a durable file that holds ``data``."""
    file = disk.create(PATH)
    file.write(data)
    file.sync()
    disk.sync_folder(MOUNT)
    return disk


def test_a_write_that_is_not_synced_may_be_lost_or_torn_at_any_sector() -> None:
    """Each sector on its own, and the length; what was there before stays."""
    disk = CrashDisk()
    file = disk.create(PATH)
    file.write(b"a" * SECTOR)
    file.sync()
    disk.sync_folder(MOUNT)
    file.write(b"b" * SECTOR + b"c" * 9)
    found = {each[PATH] for each in left(disk)}
    a, b, none = b"a" * SECTOR, b"b" * SECTOR, bytes(SECTOR)
    assert found == {a, a + b + b"c" * 9, a + none + b"c" * 9, a + b + bytes(9), a + none + bytes(9)}


def test_random_states_are_among_all_of_them_but_for_lengths() -> None:
    """And a length may be any between those that were."""
    disk = CrashDisk()
    holding(disk, b"old" * 300)
    disk.create(PATH + "2").write(b"new" * 300)
    every = {tuple(sorted(each.items())) for each in left(disk)}
    found = [disk.crashed(random.Random(number)).platter.listing() for number in range(300)]
    lengths = {len(each[PATH + "2"] or b"") for each in found if PATH + "2" in each}
    assert len(lengths) > 20
    whole = {tuple(sorted(each.items())) for each in found if len(each.get(PATH + "2") or b"") in (0, 900)}
    assert whole <= every and len(whole) >= 4


def test_the_least_that_a_crash_leaves_is_what_was_sure() -> None:
    """No write, no length and no name that was not synced."""
    disk = CrashDisk()
    holding(disk, b"old").create(PATH + "2").write(b"new")
    disk.rename(PATH, PATH + "3")
    assert disk.platter.least_after_crash().listing() == {MOUNT: None, PATH: b"old"}


def test_the_worst_that_a_crash_leaves_is_that_besides_names_are_gone() -> None:
    """What was to take their place is not there yet."""
    disk = CrashDisk()
    holding(disk, b"old").create(PATH + "2")
    disk.remove(PATH)
    assert disk.platter.worst_after_crash().listing() == {MOUNT: None}


def test_a_name_is_durable_when_its_folder_is_synced_and_not_before() -> None:
    """A file's own sync says nothing of its name."""
    disk = CrashDisk()
    file = disk.create(PATH)
    file.write(b"x")
    file.sync()
    assert {PATH in each for each in left(disk)} == {True, False}
    disk.sync_folder(MOUNT)
    assert left(disk) == [{MOUNT: None, PATH: b"x"}]


def test_a_rename_is_done_or_not_done() -> None:
    """There is one of the two names, never both and never none."""
    disk = CrashDisk()
    holding(disk, b"x")
    disk.rename(PATH, PATH + "2")
    assert sorted(sorted(each) for each in left(disk)) == [[MOUNT, PATH], [MOUNT, PATH + "2"]]


def test_names_change_in_any_order_until_their_folder_is_synced() -> None:
    """A later change may be there without an earlier one."""
    disk = CrashDisk()
    holding(disk, b"x")
    new = disk.create(PATH + "2")
    new.write(b"x")
    new.sync()
    disk.remove(PATH)
    assert len({tuple(sorted(each)) for each in left(disk)}) == 4
    disk.sync_folder(MOUNT)
    assert [sorted(each) for each in left(disk)] == [[MOUNT, PATH + "2"]]


def test_a_folder_whose_name_is_lost_is_lost_with_all_in_it() -> None:
    """Its own sync does not help it."""
    disk = CrashDisk()
    disk.add_folder(f"{MOUNT}/folder")
    disk.create(f"{MOUNT}/folder/file").sync()
    disk.sync_folder(f"{MOUNT}/folder")
    assert {tuple(each) for each in left(disk)} == {(MOUNT,), (MOUNT, f"{MOUNT}/folder", f"{MOUNT}/folder/file")}


def test_what_was_in_doubt_after_a_failed_sync_stays_in_doubt() -> None:
    """The next sync tells that all is well, and it is not."""
    disk = CrashDisk(faults=Faults(Fault("sync", 2)))
    file = disk.create(PATH)
    file.sync()
    disk.sync_folder(MOUNT)
    file.write(b"x" * 5)
    with pytest.raises(OSError, match="Input/output error"):
        file.sync()
    file.sync()
    assert disk.read(PATH) == b"x" * 5
    assert {each[PATH] for each in left(disk)} == {b"x" * 5, bytes(5)}
    assert disk.mistrusted == [PATH]


def test_a_file_cut_off_is_durable_at_once_and_doubt_stays() -> None:
    """As a cut and a sync in one call."""
    disk = CrashDisk()
    holding(disk, b"beginning and end")
    disk.shorten(PATH, 9)
    assert [each[PATH] for each in left(disk)] == [b"beginning"]


def test_a_kill_leaves_what_the_cache_holds() -> None:
    """Only a loss of power loses it."""
    disk = CrashDisk()
    disk.create(PATH).write(b"x")
    assert disk.killed().read(PATH) == b"x"


def test_the_power_goes_before_the_call_at_which_it_goes() -> None:
    """Nothing is done by it, nor by any call after it, and no code that expects an OSError goes on."""
    disk = CrashDisk()
    disk.cut_at = 1
    file = disk.create(PATH)
    with pytest.raises(PowerCut):
        file.write(b"x")
    with pytest.raises(PowerCut):
        disk.read(PATH)
    assert disk.platter.listing()[PATH] == b""


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EINTR])
def test_the_nth_call_fails_as_planned_and_a_write_may_be_short(number: int) -> None:
    """A part of its bytes is in the file, as much as chance wants."""
    sizes = set()
    for seed in range(30):
        disk = CrashDisk(faults=Faults(Fault("write", 2, number), seed=seed))
        file = disk.create(PATH)
        file.write(b"first")
        with pytest.raises(OSError) as refused:
            file.write(b"second")
        assert refused.value.errno == number
        assert disk.faults.raised == ["write"]
        assert b"firstsecond".startswith(disk.read(PATH))
        sizes.add(disk.size(PATH))
        file.write(b"third")
    assert len(sizes) > 3
