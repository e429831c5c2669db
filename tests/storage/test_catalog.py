"""The catalog: which parts count, and what a reader sees of changes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from telemetryd.model.errors import CorruptFile
from telemetryd.model.timerange import DAY
from telemetryd.rollup.carry import carry_of
from telemetryd.storage.catalog import Catalog, DayParts, HourParts
from telemetryd.storage.day_file import DayFile
from telemetryd.storage.files import Files
from telemetryd.storage.folder import Folder
from telemetryd.storage.part_name import Kind, Level, Part

from .samples import HOUR, frozen_of, hour_parts, sealed

END = HOUR + 3600
FOLDER = Folder(Files(), "/data")


def part(level: Level, first: int, last: int, kind: Kind = "events", hour: int = HOUR, size: int = 0) -> Part:
    named = Part.named(FOLDER, kind, hour, level, first, last)
    return Part(named.path, kind, hour, level, first, last, size)


def test_parts_are_kept_by_hour_and_in_order_of_sequences() -> None:
    """However parts come in, a view gives each hour's, apart by kind, oldest first."""
    late, early = part("part", 101, 200), part("part", 1, 100)
    rollup, other = part("part", 1, 100, "rollups"), part("part", 201, 300, hour=HOUR + 3600)
    catalog = Catalog(Files(), [late, other, rollup, early])
    assert dict(catalog.view()) == {
        HOUR: HourParts((early, late), (rollup,)),
        HOUR + 3600: HourParts((other,), ()),
    }


def test_a_view_never_changes() -> None:
    """A reader's view is what was there when it looked, whatever happens afterwards."""
    one, two = part("part", 1, 100), part("part", 101, 200)
    catalog = Catalog(Files(), [one])
    before = catalog.view()
    catalog.add([two])
    between = catalog.view()
    catalog.replace(HOUR, (one, two), ())
    assert [dict(view) for view in (before, between, catalog.view())] == [
        {HOUR: HourParts((one,), ())},
        {HOUR: HourParts((one, two), ())},
        {},
    ]
    with pytest.raises(TypeError):
        before[HOUR] = HourParts()  # type: ignore[index]


def test_a_replacement_shows_at_once() -> None:
    """No view holds both the old and the new, or neither."""
    old = [part("part", 1, 100), part("part", 101, 200), part("part", 1, 100, "rollups")]
    new = [part("hour", 1, 200), part("hour", 1, 200, "rollups")]
    catalog = Catalog(Files(), old)
    late = part("part", 201, 300)
    catalog.add([late])
    catalog.replace(HOUR, old, new)
    assert catalog.view()[HOUR] == HourParts((new[0], late), (new[1],))


def test_adding_a_part_twice_is_adding_it_once() -> None:
    """A seal that is done again after a failure gives the same part."""
    catalog = Catalog(Files(), [part("part", 1, 100, size=5)])
    catalog.add([part("part", 1, 100, size=7)])
    assert len(catalog.view()[HOUR].events) == 1
    assert catalog.bytes == 7


def test_bytes_are_those_of_all_parts() -> None:
    """The size on disk follows what is added and replaced."""
    catalog = Catalog(Files(), [part("part", 1, 100, size=5), part("part", 1, 100, "rollups", size=2)])
    assert catalog.bytes == 7
    catalog.replace(HOUR, [part("part", 1, 100)], [part("hour", 1, 100, size=3)])
    assert catalog.bytes == 5


def test_days_tell_what_their_hours_hold() -> None:
    """How many there are, and the highest sequence; a day without hours is none."""
    day = HOUR // DAY * DAY
    one, two, other = part("part", 1, 100), part("part", 101, 200, "rollups"), part("part", 201, 250, hour=day + DAY)
    catalog = Catalog(Files(), [one, two, other])
    before = catalog.days()
    assert before == {day: DayParts(1, 200), day + DAY: DayParts(1, 250)}
    catalog.replace(day + DAY, [other], ())
    catalog.add([part("part", 251, 300, hour=day)])
    assert dict(catalog.days()) == {day: DayParts(1 + (day != HOUR), 300)}
    assert len(before) == 2


def test_a_day_is_told_by_its_file_for_as_long_as_its_hours_are_what_it_was_made_of() -> None:
    """A late part, or another rollup in its place, and the file does not tell of that hour any more."""
    day = HOUR // DAY * DAY
    one, two = part("hour", 1, 9, "rollups", day), part("hour", 10, 19, "rollups", day + 3600)
    file = DayFile(Part.named(FOLDER, "days", day, "day", 1, 19), {day: one.name, day + 3600: two.name})
    catalog = Catalog(Files(), [one, two], [file])
    assert catalog.days()[day] == DayParts(2, 19, file, frozenset({day, day + 3600}))
    assert catalog.days()[day].whole
    late = part("part", 20, 29, "rollups", day)
    catalog.add([late])
    assert (catalog.days()[day].whole, catalog.days()[day].told) == (False, {day + 3600})
    catalog.replace(day, (one, late), [part("hour", 1, 29, "rollups", day)])
    assert catalog.days()[day].told == {day + 3600}
    catalog.drop_day(file)
    assert catalog.days()[day] == DayParts(2, 29)
    catalog.put_day(file)
    assert catalog.days()[day].file == file


def test_rows_that_no_rollup_speaks_of_are_not_told_by_a_day() -> None:
    """An events part beyond the range of the rollup."""
    day = HOUR // DAY * DAY
    rollup = part("hour", 1, 9, "rollups", day)
    file = DayFile(Part.named(FOLDER, "days", day, "day", 1, 9), {day: rollup.name})
    assert Catalog(Files(), [rollup, part("hour", 1, 9, hour=day)], [file]).days()[day].whole
    assert not Catalog(Files(), [rollup, part("part", 10, 19, hour=day)], [file]).days()[day].told


def test_files_of_days_count_as_bytes_and_outlive_their_hours_as_orphans() -> None:
    """Until somebody removes them."""
    day = HOUR // DAY * DAY
    rollup = part("hour", 1, 9, "rollups", day, size=5)
    file = DayFile(replace(Part.named(FOLDER, "days", day, "day", 1, 9), size=2), {day: rollup.name})
    catalog = Catalog(Files(), [rollup], [file])
    assert (catalog.bytes, catalog.orphans) == (7, [])
    catalog.replace(day, [rollup], ())
    assert (catalog.bytes, catalog.orphans, dict(catalog.days())) == (2, [file], {})


def test_the_last_sequence_of_all_parts_is_known() -> None:
    """Where the journal is lost, the recorder still knows which sequences are taken."""
    assert Catalog(Files()).last == 0
    assert (
        Catalog(Files(), [part("hour", 1, 900), part("part", 20, 950, "rollups", END), part("part", 1, 3)]).last == 950
    )


ROLLUP = part("part", 1, 100, "rollups")


@pytest.mark.parametrize(
    ("parts", "detailed"),
    [
        ([part("part", 1, 100), ROLLUP], True),
        ([part("brief", 1, 100), ROLLUP], True),
        ([part("hour", 1, 200), ROLLUP], True),
        ([part("hour", 1, 200)], True),
        ([part("kept", 1, 200), ROLLUP], False),
        ([part("hour", 1, 50), ROLLUP], False),
        ([part("part", 101, 200), ROLLUP], False),
        ([part("part", 1, 100), ROLLUP, part("part", 101, 200, "rollups")], False),
        ([ROLLUP], False),
    ],
)
def test_an_hour_is_detailed_where_its_rows_are_all_there(parts: list[Part], detailed: bool) -> None:
    """Names tell whether the rows of an hour are whole, or only its rollups are."""
    assert hour_parts(parts).detailed is detailed


def test_a_carry_is_read_once(files: Files, folder: Folder) -> None:
    """What a rollup carries on is remembered, until its part is replaced."""
    frozen = frozen_of(200)
    parts = sealed(files, folder, frozen)
    catalog = Catalog(files, parts)
    rollup = parts[1]
    first = catalog.carry(rollup)
    assert first == carry_of(frozen.columns)
    files.remove(rollup.path)
    assert catalog.carry(rollup) is first
    catalog.replace(rollup.hour, [rollup], [])
    with pytest.raises(FileNotFoundError):
        catalog.carry(rollup)


def test_a_carry_of_a_bad_part_is_told(files: Files, folder: Folder) -> None:
    """A footer that cannot be read is an error, not an empty carry."""
    rollup = sealed(files, folder, frozen_of(200))[1]
    with open(rollup.path, "r+b") as file:
        file.truncate(100)
    with pytest.raises(CorruptFile):
        Catalog(files, [rollup]).carry(rollup)
