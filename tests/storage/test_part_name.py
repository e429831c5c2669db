"""Names of parts: all that the catalog knows of a file."""

from __future__ import annotations

import os

import pytest

from telemetryd.storage.files import Files
from telemetryd.storage.folder import Folder
from telemetryd.storage.part_name import Kind, Level, Part, parse_date, parse_hour, place_of

from .samples import HOUR

FOLDER = Folder(Files(), "/data")


def part(level: Level, first: int, last: int, kind: Kind = "events", hour: int = HOUR) -> Part:
    return Part.named(FOLDER, kind, hour, level, first, last)


def test_a_name_tells_level_and_sequences() -> None:
    """A part lies in the folder of its kind and hour; what its name says is read back from it."""
    one = part("hour", 5, 900)
    assert one.path == ("/data/events/date=2023-11-14/hour=22/hour-00000000000000000005-00000000000000000900.parquet")
    assert Part.parse(one.path, "events", HOUR, size=7) == one
    assert part("brief", 1, 1) == Part.parse(part("brief", 1, 1).path, "events", HOUR)


@pytest.mark.parametrize(
    "name",
    [
        "data.parquet",
        "part-1-2.parquet",
        "part-00000000000000000005-00000000000000000004.parquet",
        "part-00000000000000000005-00000000000000000009.parquet.tmp",
        "PART-00000000000000000005-00000000000000000009.parquet",
        "",
    ],
)
def test_other_names_are_no_parts(name: str) -> None:
    """A name that none of us wrote is told from those that we did."""
    assert Part.parse(f"/data/{name}", "events", HOUR) is None


def test_rollups_are_never_brief_or_kept() -> None:
    """Rows are what can be dropped; what they add up to stays whole."""
    for level in ("brief", "kept"):
        name = f"{level}-{1:020d}-{2:020d}.parquet"
        assert Part.parse(f"/data/{name}", "events", HOUR) is not None
        assert Part.parse(f"/data/{name}", "rollups", HOUR) is None


def test_a_day_is_in_a_folder_of_its_own() -> None:
    """Under its date; only days are days, and they are nothing else."""
    day = HOUR // 86400 * 86400
    one = Part.named(FOLDER, "days", day, "day", 5, 900)
    assert one.path == "/data/days/date=2023-11-14/day-00000000000000000005-00000000000000000900.parquet"
    assert Part.parse(one.path, "days", day) == one
    assert [Part.parse(one.path, kind, day) for kind in ("events", "rollups")] == [None, None]  # type: ignore[arg-type]
    assert Part.parse(part("hour", 5, 900).path, "days", day) is None
    assert place_of(one.path) == "days/date=2023-11-14/day-00000000000000000005-00000000000000000900.parquet"
    assert (parse_date("date=2023-11-14"), parse_date("date=today"), parse_date("2023-11-14")) == (day, None, None)


COVERED = [
    (part("hour", 1, 200), part("part", 1, 100), True),
    (part("hour", 1, 200), part("brief", 101, 200), True),
    (part("hour", 1, 200), part("part", 1, 200), True),
    (part("hour", 1, 200), part("hour", 1, 100), True),
    (part("kept", 1, 200), part("hour", 1, 100), True),
    (part("hour", 1, 200, "rollups"), part("part", 1, 200, "rollups"), True),
    # Rows that are dropped leave nothing behind but their rollup.
    (part("hour", 1, 200, "rollups"), part("brief", 101, 200), True),
    (part("hour", 1, 200, "rollups"), part("part", 101, 200), False),
    (part("hour", 1, 200), part("part", 101, 200, "rollups"), False),
    (part("part", 1, 200), part("part", 1, 100), False),
    (part("hour", 1, 200), part("hour", 1, 200), False),
    (part("hour", 1, 100), part("hour", 1, 200), False),
    (part("hour", 1, 200), part("part", 150, 250), False),
    (part("hour", 1, 200), part("part", 1, 100, hour=HOUR + 3600), False),
]


@pytest.mark.parametrize(("one", "other", "covered"), COVERED)
def test_a_compacted_part_covers_what_it_was_made_of(one: Part, other: Part, covered: bool) -> None:
    """Names alone tell which parts a compaction left over: those of its hour and range, and not itself."""
    assert one.covers(other) is covered


def test_the_size_is_no_part_of_what_a_part_is() -> None:
    """Two parts of one name are one part."""
    assert Part.parse(part("part", 1, 2).path, "events", HOUR, size=1) == part("part", 1, 2)


@pytest.mark.parametrize(
    ("date", "hour", "start"),
    [
        ("date=1970-01-01", "hour=00", 0),
        ("date=2023-11-14", "hour=22", HOUR),
        ("date=2024-02-29", "hour=23", 1709247600),
        ("date=2023-02-29", "hour=00", None),
        ("date=2023-11-14", "hour=24", None),
        ("date=2023-11-14", "hour=7", None),
        ("date=2023-1-14", "hour=07", None),
        ("2023-11-14", "22", None),
        ("date=", "hour=", None),
    ],
)
def test_partitions_are_told_by_their_path(date: str, hour: str, start: int | None) -> None:
    """Exactly one path names an hour; others name none."""
    assert parse_hour(date, hour) == start
    if start is not None:
        assert FOLDER.partition("events", start) == os.path.join("/data/events", date, hour)
