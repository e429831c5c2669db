from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from telemetryd.hooks.spool_file import SpoolFile
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
    """It holds what a WAL does: folder and file are made where there are none."""
    file = SpoolFile.open(str(path))
    assert (file.state, file.found, file.size) == (State(), "", RECORDS)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
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
