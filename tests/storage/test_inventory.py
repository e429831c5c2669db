"""The inventory: whatever lies in the folder at start, what is valid is kept."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from telemetryd.rollup.carry import Carry
from telemetryd.storage import days
from telemetryd.storage.compactor import Merge, merge, remove
from telemetryd.storage.day_file import DayFile, write_day
from telemetryd.storage.files import Files
from telemetryd.storage.folder import Folder
from telemetryd.storage.inventory import judge, take_inventory
from telemetryd.storage.journal import ActiveSegment
from telemetryd.storage.part import read_rollups
from telemetryd.storage.part_name import Kind, Level, Part
from telemetryd.storage.records import Checkpoint, EventsRecord, encode_record

from .day_samples import MIDNIGHT, compact, day_of
from .samples import HOUR, INTERVAL, frozen_of, hour_parts, in_file_order, sealed, stored_rows

FOLDER = Folder(Files(), "/data")


def part(level: Level, first: int, last: int, kind: Kind = "events", hour: int = HOUR) -> Part:
    return Part.named(FOLDER, kind, hour, level, first, last)


def segment(first: int, state: str = "closed") -> str:
    return f"/data/journal/{first:020d}.{state}"


def test_a_part_that_begins_with_a_segment_is_not_committed() -> None:
    """Whatever its hour, kind and end: the segment's rows are replayed, so its parts do not count."""
    uncommitted = [part("part", 101, 200), part("part", 101, 180, "rollups", HOUR + 3600), part("brief", 101, 200)]
    committed = [part("part", 1, 100), part("part", 1, 100, "rollups")]
    verdict = judge([segment(101), segment(201, "active")], [*committed, *uncommitted])
    assert verdict.replay == [segment(101), segment(201, "active")]
    assert verdict.leftovers == uncommitted


def test_segments_are_replayed_in_order_of_their_sequences() -> None:
    """An abandoned segment is still called active; its place among the others is that of its number."""
    assert judge([segment(900), segment(20, "active"), segment(100)], []).replay == [
        segment(20, "active"),
        segment(100),
        segment(900),
    ]


def test_parts_that_a_compacted_one_covers_are_leftovers() -> None:
    """The new file is there, so the old ones do not count any more, each kind for itself."""
    parts = [part("hour", 1, 200), part("part", 1, 100), part("part", 101, 200), part("part", 1, 100, "rollups")]
    verdict = judge([], parts)
    assert verdict.covered == parts[1:3]
    assert verdict.uncommitted == []


def test_a_segment_that_came_back_is_not_replayed() -> None:
    """Its rows are in a compacted part already: replayed, they would count twice."""
    verdict = judge([segment(101), segment(201)], [part("hour", 1, 200)])
    assert (verdict.stored_already, verdict.replay, verdict.leftovers) == ([segment(101)], [segment(201)], [])


def judged_by_definition(segments: list[str], parts: list[Part]) -> tuple[set[str], set[Part], set[Part], set[Part]]:
    """Return what is stored already, uncommitted, covered and relied on, each by its definition."""
    firsts = {path: int(path[-27:-7]) for path in segments}
    stored = {path for path in segments if any(p.compacted and p.first <= firsts[path] <= p.last for p in parts)}
    begun = {firsts[path] for path in segments if path not in stored}
    uncommitted = {each for each in parts if not each.compacted and each.first in begun}
    covered = {each for each in parts if each not in uncommitted and any(maker.covers(each) for maker in parts)}
    relied_on = {
        each
        for each in parts
        if each.compacted
        and (any(map(each.covers, covered)) or any(each.first <= firsts[path] <= each.last for path in stored))
    }
    return stored, uncommitted, covered, relied_on


def test_the_verdict_is_that_of_the_definitions() -> None:
    """Of any parts and segments, however they overlap."""
    chosen = random.Random(3)
    for _ in range(500):
        parts = []
        for _ in range(chosen.randrange(12)):
            first = chosen.randrange(1, 40)
            level: Level = chosen.choice(("part", "brief", "hour", "kept"))
            kind: Kind = "events" if level in ("brief", "kept") else chosen.choice(("events", "rollups"))
            parts.append(part(level, first, first + chosen.randrange(20), kind, HOUR + 3600 * chosen.randrange(2)))
        parts = list(dict.fromkeys(parts))
        segments = [segment(each) for each in chosen.sample(range(1, 60), chosen.randrange(6))]
        verdict = judge(segments, parts)
        found = verdict.stored_already, verdict.uncommitted, verdict.covered, verdict.relied_on
        assert tuple(map(set, found)) == judged_by_definition(segments, parts)
        assert sorted((*verdict.replay, *verdict.stored_already)) == sorted(segments)


class Counted(Part):
    """A part that counts how often one is held against another."""

    compared = 0

    def __eq__(self, other: object) -> bool:
        Counted.compared += 1
        return Part.__eq__(self, other)

    __hash__ = Part.__hash__

    def covers(self, other: Part) -> bool:
        Counted.compared += 1
        return Part.covers(self, other)


def test_a_long_journal_beside_many_parts_is_judged_in_one_pass() -> None:
    """Twice as many take twice as long: no part is held against all others."""
    compared = []
    for count in (500, 1000):
        Counted.compared = 0
        parts: list[Part] = []
        for number in range(count):
            hour, first = HOUR + 3600 * number, 100 * number + 1
            for level, last in (("hour", first + 49), ("part", first + 9)):
                parts.append(Counted.named(FOLDER, "events", hour, level, first, last))  # type: ignore[arg-type]
            parts.append(Counted.named(FOLDER, "events", hour, "part", first + 60, first + 99))
        segments = [segment(100 * number + 61) for number in range(count)]
        verdict = judge(segments, parts)
        assert [len(each) for each in (verdict.replay, verdict.uncommitted, verdict.covered)] == [count] * 3
        compared.append(Counted.compared)
    assert compared[1] == 2 * compared[0] < 20 * 1000


def test_an_orderly_folder_stays_as_it_is(files: Files, folder: Folder) -> None:
    """All parts are in the catalog with their sizes, all segments are to be replayed, nothing is touched."""
    head = frozen_of(300, hours=2)
    parts = sealed(files, folder, head)
    segment = ActiveSegment.create(files, folder, Checkpoint(301, True, b""))
    segment.abandon()
    found = take_inventory(files, folder)
    assert (found.segments, found.set_aside, found.removed) == ([segment.path], [], [])
    assert found.catalog.bytes == sum(part.size for part in parts)
    assert stored_rows(files, found.catalog.view()) == in_file_order(head.columns)


def test_what_never_happened_is_removed(files: Files, folder: Folder) -> None:
    """Unfinished files and empty partitions of a crash are gone, and told."""
    parts = sealed(files, folder, frozen_of(10))
    unfinished = [parts[0].path + ".tmp", os.path.join(folder.journal, "00000000000000000001.active.tmp")]
    for path in unfinished:
        Path(path).write_bytes(b"half")
    empty = folder.partition("events", HOUR + 86400)
    files.make_folder(empty)
    found = take_inventory(files, folder)
    assert sorted(found.removed) == sorted(unfinished)
    assert not any(files.exists(path) for path in (*unfinished, empty, os.path.dirname(empty)))
    assert len(found.catalog.view()[HOUR].events) == 1


def test_what_is_not_ours_is_set_aside(files: Files, folder: Folder) -> None:
    """Foreign names, folders in place of files and files in place of folders go to quarantine, each with a reason."""
    head = frozen_of(50)
    events = sealed(files, folder, head)[0]
    partition = os.path.dirname(events.path)
    foreign = [
        os.path.join(folder.journal, "notes.txt"),
        os.path.join(partition, "mine.parquet"),
        os.path.join(folder.root("events"), "README"),
        os.path.join(folder.root("rollups"), "date=2023-11-14", "hour=7"),
        os.path.join(folder.root("rollups"), "date=2023-11-14", "stray"),
    ]
    for path in foreign[:3]:
        Path(path).write_bytes(b"?")
    files.make_folder(foreign[3])
    Path(foreign[4]).write_bytes(b"?")
    as_folder = os.path.join(partition, "part-00000000000000000900-00000000000000000901.parquet")
    files.make_folder(as_folder)
    found = take_inventory(files, folder)
    assert sorted(os.path.relpath(path, f"{folder.path}/quarantine") for path, _ in found.set_aside) == sorted(
        os.path.relpath(path, folder.path) for path in (*foreign, as_folder)
    )
    assert all(files.exists(path) and reason for path, reason in found.set_aside)
    assert stored_rows(files, found.catalog.view()) == in_file_order(head.columns)
    assert take_inventory(files, folder).set_aside == []


def test_a_part_that_was_cut_off_is_set_aside_and_covers_nothing(files: Files, folder: Folder) -> None:
    """A compacted file that is not whole does not take the place of the parts it was made of."""
    head = frozen_of(100)
    sealed(files, folder, head)
    for kind, length in (("events", 3000), ("rollups", 0)):
        hour = Part.named(folder, kind, HOUR, "hour", 1, 100)  # type: ignore[arg-type]
        Path(hour.path).write_bytes(bytes(length))
    found = take_inventory(files, folder)
    assert len(found.set_aside) == 2
    assert stored_rows(files, found.catalog.view()) == in_file_order(head.columns)


def test_a_segment_that_came_back_is_set_aside(files: Files, folder: Folder) -> None:
    """It is kept in quarantine, in case a person knows better."""
    merged = merge(files, folder, Merge(HOUR, hour_parts(sealed(files, folder, frozen_of(100)))), INTERVAL)
    remove(files, folder, merged.old)
    ActiveSegment.create(files, folder, Checkpoint(1, True, b"")).close()
    found = take_inventory(files, folder)
    assert found.segments == []
    assert len(found.set_aside) == 1
    assert len(found.catalog.view()[HOUR].events) == 1


def test_any_bytes_whatever_in_the_folder_do_not_stop_the_start(files: Files, folder: Folder) -> None:
    """Files of random bytes under random, partly right names everywhere: the inventory ends, valid parts are kept."""
    head = frozen_of(100)
    sealed(files, folder, head)
    chosen = random.Random(7)
    places = [folder.journal, folder.root("events"), folder.root("rollups"), folder.partition("events", HOUR)]
    names = ["x", ".hidden", "a b", "00000000000000000200.closed", "é", "date=2023-11-14x", "part-.parquet", "PAR1"]
    for place in places:
        for name in names:
            Path(place, name).write_bytes(chosen.randbytes(chosen.randrange(200)))
    raw = os.fsencode(folder.journal) + b"/\xff\xfe"
    with open(raw, "wb"):
        pass
    found = take_inventory(files, folder)
    assert stored_rows(files, found.catalog.view()) == in_file_order(head.columns)
    assert [os.path.basename(path) for path in found.segments] == ["00000000000000000200.closed"]
    assert len(found.set_aside) == len(places) * len(names)
    again = take_inventory(files, folder)
    assert (again.set_aside, again.removed) == ([], [])


def test_a_part_whose_footer_is_damaged_is_set_aside(files: Files, folder: Folder) -> None:
    """What says where rows are is verified at start; pages are when they are read."""
    events, rollups = sealed(files, folder, frozen_of(100))
    for each in (events, rollups):
        data = bytearray(files.read(each.path))
        data[-100] ^= 1
        Path(each.path).write_bytes(data)
    found = take_inventory(files, folder)
    assert [os.path.basename(path) for path, _ in found.set_aside] == [os.path.basename(events.path)] * 2
    assert all("checksum" in reason for _, reason in found.set_aside)
    assert dict(found.catalog.view()) == {}


def test_a_compacted_part_that_is_damaged_takes_nothing_with_it(files: Files, folder: Folder) -> None:
    """The parts that it covers are removed only if it holds their rows: its pages are looked at first."""
    head = frozen_of(100)
    merged = merge(files, folder, Merge(HOUR, hour_parts(sealed(files, folder, head))), INTERVAL)
    for each in merged.new:
        flip(each.path, 100)
    found = take_inventory(files, folder)
    assert {path.rpartition("/")[2] for path, _ in found.set_aside} == {os.path.basename(merged.new[0].path)}
    assert stored_rows(files, found.catalog.view()) == in_file_order(head.columns)
    assert len(found.catalog.view()[HOUR].rollups) == 1


@pytest.mark.parametrize("damage", ["noise", "a flipped bit"])
def test_a_damaged_segment_does_not_have_whole_parts_removed(files: Files, folder: Folder, damage: str) -> None:
    """They hold all of its rows, and it does not: the parts count, and the segment is kept."""
    head = frozen_of(100, hours=2)
    sealed(files, folder, head)
    path = written_segment(files, folder)
    if damage == "noise":
        Path(path).write_bytes(b"noise")
    else:
        flip(path, 70)
    found = take_inventory(files, folder)
    assert found.segments == []
    assert [os.path.basename(where) for where, _ in found.set_aside] == [os.path.basename(path)]
    assert stored_rows(files, found.catalog.view()) == in_file_order(head.columns)


def test_a_damaged_segment_whose_parts_are_not_all_there_is_replayed(files: Files, folder: Folder) -> None:
    """What is whole of it counts; its parts are kept in quarantine."""
    parts = sealed(files, folder, frozen_of(100, hours=2))
    files.remove(parts[-1].path)
    files.remove(parts[-2].path)
    path = written_segment(files, folder)
    flip(path, 70)
    found = take_inventory(files, folder)
    assert found.segments == [path]
    assert len(found.set_aside) == 2
    assert dict(found.catalog.view()) == {}


def test_files_of_days_are_known_and_the_last_made_counts(files: Files, folder: Folder) -> None:
    """Of two that a crash left, the one that tells of more; one of a day without hours is left over."""
    catalog = day_of(files, folder)
    old = days.make(files, folder, MIDNIGHT, catalog.view())
    catalog.add(sealed(files, folder, frozen_of(5, 1000, MIDNIGHT + 3600)))
    compact(files, folder, catalog)
    new = days.make(files, folder, MIDNIGHT, catalog.view())
    orphan = os.path.join(folder.root("days"), "date=2020-01-01")
    files.make_folder(orphan)
    day = Part.named(folder, "days", 1_577_836_800, "day", 1, 9)
    write_day(files, DayFile(day, {}), [read_rollups(files, catalog.view()[MIDNIGHT].rollups[0])], Carry({}, {}))
    found = take_inventory(files, folder)
    assert sorted(found.removed) == sorted([old.part.path, day.path])
    assert found.catalog.days()[MIDNIGHT].file == new
    assert found.catalog.days()[MIDNIGHT].whole
    assert found.catalog.bytes == catalog.bytes + new.part.size
    assert not files.exists(orphan)
    again = take_inventory(files, folder)
    assert (again.removed, again.set_aside) == ([], [])


def test_what_is_no_file_of_a_day_is_set_aside(files: Files, folder: Folder) -> None:
    """Foreign names, a rollup in the wrong place, and one that is damaged; the hours tell of the day."""
    catalog = day_of(files, folder)
    made = days.make(files, folder, MIDNIGHT, catalog.view())
    flip(made.part.path, files.size(made.part.path) - 100)
    rollup = catalog.view()[MIDNIGHT].rollups[0]
    places = [os.path.join(folder.partition("days", MIDNIGHT), name) for name in ("notes", rollup.name)]
    places.append(os.path.join(folder.root("days"), "yesterday"))
    for place in places:
        Path(place).write_bytes(files.read(rollup.path))
    found = take_inventory(files, folder)
    told = sorted(os.path.relpath(path, f"{folder.path}/quarantine") for path, _ in found.set_aside)
    assert told == sorted(os.path.relpath(path, folder.path) for path in (*places, made.part.path))
    assert found.catalog.days()[MIDNIGHT].file is None
    assert files.names(folder.root("days")) == []


def written_segment(files: Files, folder: Folder) -> str:
    """Return the path of a closed segment that begins at sequence 1, with one record."""
    segment = ActiveSegment.create(files, folder, Checkpoint(1, True, b""))
    segment.append([encode_record(EventsRecord(1, 0.0, "wal", 1, b'{"batch":1,"events":[]}'))])
    return segment.close()


def flip(path: str, place: int) -> None:
    data = bytearray(Path(path).read_bytes())
    data[place] ^= 1
    Path(path).write_bytes(data)
