from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import ClassVar

import pytest

from telemetryd.hooks.spool_file import KEPT, SpoolFile
from telemetryd.hooks.spool_format import MAGIC, RECORDS, SLOT, Record, State, encode_record


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "spool"


def filled(path: Path, *records: Record) -> None:
    file = SpoolFile.open(str(path))
    file.write_state(State(1, "wal"))
    file.write(b"".join(encode_record(each) for each in records), RECORDS)
    file.close()


def ordinals(path: Path) -> list[int]:
    file = SpoolFile.open(str(path))
    found = [record.ordinal for record, _ in file.records(RECORDS, file.size)]
    file.close()
    return found


def test_a_new_spool_is_empty_and_for_its_user_alone(path: Path) -> None:
    """It holds what a WAL does: folder and file are made where there are none; the folders above are as others are."""
    path = path.parent / "its own" / "spool"
    file = SpoolFile.open(str(path))
    assert (file.state, file.found, file.size) == (State(), "", RECORDS)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    (path.parents[2] / "other").mkdir()
    assert path.parents[1].stat().st_mode == (path.parents[2] / "other").stat().st_mode
    file.close()


def test_a_second_one_does_not_get_the_file(path: Path) -> None:
    """In the same process or another, until the first lets go."""
    first = SpoolFile.open(str(path))
    with pytest.raises(BlockingIOError, match="in use by another emitter"):
        SpoolFile.open(str(path))
    first.close()
    SpoolFile.open(str(path)).close()


def test_records_behind_damage_are_found(path: Path) -> None:
    """What no checksum promises is passed over, however long it is."""
    filled(path, *(Record(ordinal, 0, 1, b"x" * 100) for ordinal in range(1, 4)))
    content = bytearray(path.read_bytes())
    content[RECORDS + 150] ^= 1
    path.write_bytes(content)
    assert ordinals(path) == [1, 3]
    size = len(encode_record(Record(1, 0, 1, b"x" * 100)))
    path.write_bytes(content[: RECORDS + size] + bytes(200_000) + content[RECORDS + 2 * size :])
    assert ordinals(path) == [1, 3]


def test_a_record_left_over_from_before_is_none(path: Path) -> None:
    """Ordinals rise: what a lost truncation brings back was dealt with."""
    filled(path, *(Record(ordinal, 0, 1, b"x") for ordinal in (7, 8, 3, 9)))
    assert ordinals(path) == [7, 8, 9]


class Names(SpoolFile):
    """Notes what a folder held whenever its names were brought to disk."""

    on_disk: ClassVar[list[tuple[str, list[str]]]] = []

    @staticmethod
    def sync_folder(path: str) -> None:
        Names.on_disk.append((os.path.basename(path), sorted(os.listdir(path))))
        SpoolFile.sync_folder(path)


def test_its_name_is_on_disk_as_well(path: Path) -> None:
    """A file without a name is lost with all that was synced into it; so are the folders that were made for it."""
    Names.on_disk.clear()
    Names.open(str(path)).close()
    assert Names.on_disk == [(path.parent.parent.name, ["folder"]), ("folder", ["spool"])]


def test_a_damaged_one_has_its_new_name_on_disk_before_another_takes_the_old_one(path: Path) -> None:
    """Else a crash could leave the old name to the new file and none to the old."""
    filled(path, Record(1, 0, 1, b"x"))
    with path.open("r+b") as file:
        file.write(MAGIC.ljust(RECORDS, b"\0"))
    Names.on_disk.clear()
    Names.open(str(path)).close()
    assert Names.on_disk == [("folder", ["spool.damaged"]), ("folder", ["spool", "spool.damaged"])]


def test_another_file_is_left_alone(path: Path) -> None:
    """A path that is a mistake costs nobody his file."""
    path.parent.mkdir()
    path.write_text("precious")
    with pytest.raises(FileExistsError, match="expected a spool, found another file"):
        SpoolFile.open(str(path))
    assert path.read_text() == "precious"
    with pytest.raises(IsADirectoryError):
        SpoolFile.open(str(path.parent))


@pytest.mark.parametrize("size", [0, 1, SLOT, RECORDS])
def test_a_spool_that_was_never_finished_is_made_again(path: Path, size: int) -> None:
    """A file of zeros is what a crash leaves of one that was just made."""
    path.parent.mkdir()
    path.write_bytes(bytes(size))
    file = SpoolFile.open(str(path))
    assert (file.state, file.size) == (State(), RECORDS)
    file.close()


def test_one_of_which_only_a_slot_reached_the_disk_is_made_again(path: Path) -> None:
    """The blocks of a new file are written in any order; it had no records yet."""
    filled(path)
    content = path.read_bytes()
    for left in (bytes(SLOT) + content[SLOT:], MAGIC.ljust(RECORDS, b"\0")):
        path.write_bytes(left)
        file = SpoolFile.open(str(path))
        assert (file.state, file.found) == (State(), "")
        file.close()


def test_one_that_begins_with_zeros_and_goes_on_is_set_aside(path: Path) -> None:
    """It had records, so it is not new, however little of its beginning is left."""
    filled(path, Record(1, 0, 1, b"x"))
    with path.open("r+b") as file:
        file.write(bytes(RECORDS))
    content = path.read_bytes()
    made = SpoolFile.open(str(path))
    assert made.found == f"a damaged spool was set aside as {path}.damaged"
    made.close()
    assert Path(f"{path}.damaged").read_bytes() == content


def test_one_without_a_state_is_set_aside(path: Path) -> None:
    """Nobody knows which of its events were sent; it stays to be looked at, and a new one takes its place."""
    filled(path, Record(1, 0, 1, b"x"))
    content = bytearray(path.read_bytes())
    content[SLOT + 9] ^= 1
    content[2 * SLOT + 9] ^= 1
    path.write_bytes(content)
    file = SpoolFile.open(str(path))
    assert file.state == State()
    assert file.found == f"a damaged spool was set aside as {path}.damaged"
    assert Path(f"{path}.damaged").read_bytes() == bytes(content)
    file.close()
    assert ordinals(path) == []
    assert path.read_bytes().startswith(MAGIC)


def test_descriptors_are_not_inherited(path: Path) -> None:
    """A program that the WAL starts would keep the lock for as long as it runs."""
    file = SpoolFile.open(str(path))
    assert not os.get_inheritable(file.descriptor)
    file.close()


def test_damaged_spools_have_names_of_their_own_and_the_newest_are_kept(path: Path) -> None:
    """None is written over; a few are enough to look at."""
    path.parent.mkdir()
    for number in range(1, KEPT + 4):
        path.write_bytes(MAGIC.ljust(2 * SLOT, b"\0") + b"damaged %d" % number + bytes(RECORDS))
        other = path.with_name("spool.damaged.notes")
        other.touch()
        made = SpoolFile.open(str(path))
        made.close()
        aside = f"{path}.damaged" if number == 1 else f"{path}.damaged.{number}"
        assert made.found == f"a damaged spool was set aside as {aside}"
        left = {each.name: each.read_bytes() for each in path.parent.glob("spool.damaged*") if each != other}
        assert sorted(content[2 * SLOT :].strip(b"\0") for content in left.values()) == [
            b"damaged %d" % each for each in range(max(1, number - KEPT + 1), number + 1)
        ]
        assert other.exists()
        path.unlink()
