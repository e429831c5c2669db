"""The file of a day, byte by byte."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from telemetryd.model.timerange import DAY
from telemetryd.storage import days
from telemetryd.storage.day_file import HALF, DayFile, describe_day, read_day
from telemetryd.storage.files import Files
from telemetryd.storage.folder import Folder
from telemetryd.storage.part_file import UnreadablePart, verify
from telemetryd.storage.part_name import Part

from .day_samples import MIDNIGHT, day_of


@pytest.fixture
def made(files: Files, folder: Folder) -> DayFile:
    return days.make(files, folder, MIDNIGHT, day_of(files, folder).view())


def test_it_is_plain_parquet_in_groups_of_one_width(made: DayFile) -> None:
    """The widest first: a reader of days reads no more than its first group."""
    file = pq.ParquetFile(made.part.path)
    widths = [file.read_row_group(number, ["interval"])["interval"].unique().to_pylist() for number in range(3)]
    assert widths == [[DAY], [3600], [HALF]]
    assert file.metadata.num_row_groups == 3


def test_it_says_where_it_belongs(files: Files, made: DayFile, tmp_path: Path) -> None:
    """Under another name or date its bytes are not read."""
    assert verify(files, made.part) == made.part.size
    elsewhere = Part.named(Folder(files, str(tmp_path / "other")), "days", MIDNIGHT + DAY, "day", 1, 120)
    Path(elsewhere.path).parent.mkdir(parents=True)
    Path(elsewhere.path).write_bytes(Path(made.part.path).read_bytes())
    with pytest.raises(UnreadablePart, match="its bytes are those of days/date=2023-11-14/day-"):
        describe_day(files, elsewhere)


@pytest.mark.parametrize("at", [100, -3000, -400, -20])
def test_a_flipped_bit_is_no_number(files: Files, made: DayFile, at: int) -> None:
    """Wherever it is, somebody who reads it is told."""
    data = bytearray(Path(made.part.path).read_bytes())
    data[at] ^= 4
    Path(made.part.path).write_bytes(data)
    with pytest.raises(UnreadablePart):
        verify(files, made.part)


def test_it_knows_which_hours_it_tells(made: DayFile) -> None:
    """In each width."""
    assert made.day == MIDNIGHT
    assert [made.tells(MIDNIGHT + hour * 3600, width) for hour in (0, 2, 3) for width in (3600, HALF)] == [
        True,
        True,
        True,
        True,
        False,
        False,
    ]


def test_a_width_that_it_has_not_is_no_rows(files: Files, made: DayFile) -> None:
    """Nor is it an error."""
    assert len(read_day(files, made.part, 7200).operations) == 0


def test_a_part_of_an_hour_is_no_day(files: Files, folder: Folder) -> None:
    """It does not say what it is made of."""
    rollup = day_of(files, folder).view()[MIDNIGHT].rollups[0]
    with pytest.raises(UnreadablePart, match="expected it to name the rollups"):
        describe_day(files, rollup)
