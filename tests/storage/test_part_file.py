"""A part's bytes: each of them is verified before a reader sees it."""

from __future__ import annotations

import gc
import os
import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from telemetryd.storage.checksums import BLOCK, read_footer
from telemetryd.storage.compactor import Merge, merge
from telemetryd.storage.files import Files
from telemetryd.storage.folder import Folder
from telemetryd.storage.part import EventsWriter, read_carry, read_events, read_rollups, scan_events
from telemetryd.storage.part_file import Checked, Output, UnreadablePart, describe, glance, verify
from telemetryd.storage.part_name import Part
from tests.damage import ODD, cut, flipped, put_odd

from .samples import (
    HOUR,
    INTERVAL,
    FailingFiles,
    columns_of,
    frozen_of,
    hour_parts,
    in_file_order,
    rows_of,
    sealed,
    stored_rows,
)

FORMAT_1 = Path(__file__).parent / "format_1"


def everything(files: Files, part: Part) -> Any:
    """Return all that readers get of a part."""
    if part.kind == "events":
        pieces = [row for piece in scan_events(files, part) for row in rows_of(piece)]
        return rows_of(read_events(files, part)), pieces
    rows = read_rollups(files, part)
    columns = [
        getattr(each, name).tolist() for each in (rows.operations, rows.queue, rows.health) for name in each.__slots__
    ]
    return str((rows.series, rows.backends, columns, read_carry(files, part)))


@pytest.fixture(params=["events", "rollups"])
def part(request: pytest.FixtureRequest, files: Files, folder: Folder) -> Part:
    events, rollups = sealed(files, folder, frozen_of(12))
    return events if request.param == "events" else rollups


def test_no_flipped_bit_ever_gives_other_values(files: Files, part: Part) -> None:
    """Of any byte of the file: what is read is as it was, or the part is unreadable; and reading all of it tells."""
    expected, data = everything(files, part), files.read(part.path)
    for place, damaged in flipped(data, 700):
        Path(part.path).write_bytes(damaged)
        with pytest.raises(UnreadablePart) as told:
            verify(files, part)
        assert told.value.part == part, f"byte {place}"
        try:
            found = everything(files, part)
        except UnreadablePart:
            continue
        assert found == expected, f"byte {place}"


def test_no_cut_ever_gives_other_values(files: Files, part: Part) -> None:
    """At whatever length, the part is unreadable."""
    data = files.read(part.path)
    for length, damaged in cut(data, 300):
        Path(part.path).write_bytes(damaged)
        with pytest.raises(UnreadablePart):
            describe(files, part)
        with pytest.raises(UnreadablePart):
            everything(files, part)
        assert length < len(data)


def test_every_byte_is_covered(files: Files, part: Part) -> None:
    """Verifying a part reads all of it."""
    assert verify(files, part) == files.size(part.path)


@pytest.mark.parametrize("kind", ODD)
def test_what_is_no_file_is_unreadable_or_not_there(files: Files, folder: Folder, kind: str) -> None:
    """A folder, a link that leads nowhere or in a circle, a device: an error, and no waiting.

    A pipe is the inventory's business: it lets none through to here.
    """
    if kind == "pipe":
        return
    part = Part.named(folder, "events", HOUR, "part", 1, 2)
    files.make_folder(os.path.dirname(part.path))
    put_odd(Path(part.path), kind)
    with pytest.raises(FileNotFoundError if kind == "dangling link" else UnreadablePart):
        describe(files, part)


@pytest.mark.parametrize(
    "misplace",
    [
        lambda part: replace(part, path=part.path.replace("hour=22", "hour=21"), hour=HOUR - 3600),
        lambda part: replace(part, path=part.path.replace("12.parquet", "13.parquet"), last=13),
        lambda part: replace(part, path=part.path.replace("part-", "hour-"), level="hour"),
    ],
)
def test_a_part_in_anothers_place_is_unreadable(files: Files, part: Part, misplace: Callable[[Part], Part]) -> None:
    """Its footer says which hour, which range and which level its bytes are of."""
    elsewhere = misplace(part)
    files.make_folder(os.path.dirname(elsewhere.path))
    shutil.copy(part.path, elsewhere.path)
    with pytest.raises(UnreadablePart, match=r"its bytes are those of (events|rollups)/date=2023-11-14/hour=22/part-"):
        describe(files, elsewhere)


def test_pages_are_read_block_by_block(files: Files, folder: Folder) -> None:
    """A file of several blocks gives any stretch of its bytes, and the damage of a block to whoever needs it only."""
    part = Part.named(folder, "events", HOUR, "part", 1, 20_000)
    files.make_folder(os.path.dirname(part.path))
    writer = EventsWriter(files, part.path)
    writer.write(columns_of(20_000))
    writer.finish()
    blocks = describe(files, part).blocks
    assert blocks is not None and blocks.end > 3 * BLOCK
    data = bytearray(files.read(part.path))
    data[BLOCK + 5] ^= 1
    Path(part.path).write_bytes(data)
    with files.open(part.path) as source:
        checked = Checked(source, part, blocks)
        for start, length in (
            (0, 10),
            (10, BLOCK - 10),
            (2 * BLOCK - 0, 7),
            (2 * BLOCK + 1, BLOCK),
            (blocks.end - 3, 100),
        ):
            assert checked.seek(start) == start
            assert checked.read(length) == bytes(data[start : min(start + length, blocks.end)])
        for start, length in ((BLOCK, 1), (0, BLOCK + 1), (2 * BLOCK - 1, 2)):
            checked.seek(start)
            with pytest.raises(UnreadablePart, match=f"the checksum of bytes {BLOCK} and following is wrong"):
                checked.read(length)
        assert checked.seek(0, 2) == blocks.end
        assert checked.read() == b""


def test_parts_of_format_1_are_read(files: Files, folder: Folder) -> None:
    """What the first release wrote, without checksums: every row, every rollup, and they can be compacted."""
    for kind in ("events", "rollups"):
        shutil.copytree(FORMAT_1 / kind, folder.root(kind), dirs_exist_ok=True)
    parts = [part for part in _parts(folder) if verify(files, part) == 0]
    assert len(parts) == 4
    expected = in_file_order(frozen_of(60, hours=2).columns)
    assert stored_rows(files, {HOUR: hour_parts(parts)}) == expected
    now = sealed(files, Folder(files, folder.path + "-now"), frozen_of(60, hours=2))
    for old, new in zip(
        sorted(parts, key=str), sorted(now, key=lambda part: part.path.replace("-now", "")), strict=True
    ):
        assert everything(files, old) == everything(files, new)
    hour = hour_parts(part for part in parts if part.hour == HOUR)
    merged = merge(files, folder, Merge(HOUR, hour), INTERVAL)
    assert merged.set_aside == ()
    assert all(verify(files, part) for part in merged.new)


def _parts(folder: Folder) -> list[Part]:
    found = []
    for kind in ("events", "rollups"):
        for hour in (HOUR, HOUR + 3600):
            partition = folder.partition(kind, hour)
            found += [Part.parse(os.path.join(partition, name), kind, hour) for name in os.listdir(partition)]  # type: ignore[arg-type]
    return [part for part in found if part is not None]


def test_a_part_that_lost_its_checksum_is_unreadable(files: Files, part: Part) -> None:
    """Format 2 has one: without it, the file is not taken for one of format 1."""
    data = files.read(part.path)
    assert data.count(b"telemetryd.checksum") == 1
    Path(part.path).write_bytes(data.replace(b"telemetryd.checksum", b"telemetryd.chequesum"[:19]))
    with pytest.raises(UnreadablePart, match="expected checksums in format 2, found none"):
        describe(files, part)


def test_a_damaged_footer_is_never_parsed(files: Files, part: Part) -> None:
    """Its checksum is looked at first: what a parser would make of it does not matter."""
    with files.open(part.path) as source:
        start = read_footer(source).start
    data = bytearray(files.read(part.path))
    data[start + 30] ^= 0x10
    Path(part.path).write_bytes(data)
    with pytest.raises(UnreadablePart, match="the checksum of its footer is wrong"):
        describe(files, part)


def test_what_wrote_a_part_is_let_go_of(files: Files, folder: Folder) -> None:
    """Written or given up, nothing of its buffers stays behind."""
    gc.collect()
    before = sum(type(each) is Output for each in gc.get_objects())
    sealed(files, folder, frozen_of(12), frozen_of(12, first=13))
    with pytest.raises(OSError, match="No space left"):
        sealed(FailingFiles(4), folder, frozen_of(12, first=25))
    gc.collect()
    # What other tests have left may need more than one collection.
    assert sum(type(each) is Output for each in gc.get_objects()) <= before


def test_a_part_is_read_by_the_thread_that_asks(files: Files, part: Part, monkeypatch: pytest.MonkeyPatch) -> None:
    """And by none of pyarrow's, which would outlive the reading: one that holds a file of Python's aborts a process at its end."""
    readers: list[int] = []
    read = Checked.read

    def noted(self: Checked, count: int = -1) -> bytes:
        readers.append(threading.get_ident())
        return read(self, count)

    monkeypatch.setattr(Checked, "read", noted)
    everything(files, part)
    assert set(readers) == {threading.get_ident()}


def test_a_glance_tells_what_a_description_does(files: Files, part: Part) -> None:
    """Of any damaged byte, of any cut, and of a file in another's place."""
    glance(files, part)
    data = files.read(part.path)

    def same(look: Part) -> bool:
        told = []
        for way in (glance, describe):
            try:
                way(files, look)
            except UnreadablePart as error:
                told.append(str(error))
            else:
                told.append("")
        return told[0] == told[1]

    for place, damaged in flipped(data, 300):
        Path(part.path).write_bytes(damaged)
        assert same(part), f"byte {place}"
    for length, shorter in cut(data, 20):
        Path(part.path).write_bytes(shorter)
        assert same(part), f"{length} bytes"
    elsewhere = replace(part, path=part.path.replace("part-", "hour-"))
    Path(elsewhere.path).write_bytes(data)
    with pytest.raises(UnreadablePart, match="its bytes are those of"):
        glance(files, elsewhere)


def test_a_glance_at_format_1_is_a_description(files: Files, folder: Folder) -> None:
    """And what is gone is not found."""
    for kind in ("events", "rollups"):
        shutil.copytree(FORMAT_1 / kind, folder.root(kind), dirs_exist_ok=True)
    (one, *_) = [part for part in _parts(folder) if part.kind == "events"]
    glance(files, one)
    files.remove(one.path)
    with pytest.raises(FileNotFoundError):
        glance(files, one)
