"""A whole store examined: every fault is found, and nothing is touched."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from telemetryd.examine.findings import Problem, Report
from telemetryd.examine.store import check, mended
from telemetryd.storage.files import Files
from telemetryd.storage.folder import Folder
from telemetryd.storage.records import EventsRecord, encode_record
from tests.damage import ODD, flipped, put_odd

from .places import ACTIVE_SEGMENT, CLOSED_SEGMENT, HOUR_EVENTS, HOUR_ROLLUP, PART_EVENTS, PART_ROLLUP, flip, picture

FOREIGN = encode_record(EventsRecord(43, 1.0, "wal", 7, b"[]"))


def looked(store: Path, *settings: str) -> Report:
    """Return the report on a store, which is left as it was."""
    before = picture(store)
    report = check(Files(), str(store), settings, lambda done, total: None).report
    assert picture(store) == before
    return report


def test_a_whole_store_is_clean(store: Path) -> None:
    """Everything in it is counted."""
    report = looked(store)
    assert report.clean and report.held_by == "" and report.notes == []
    assert [each.path for each in report.segments] == [CLOSED_SEGMENT, ACTIVE_SEGMENT]
    assert (report.hours, report.parts["events"].files, report.parts["events"].rows) == (2, 3, 21)
    assert report.parts["rollups"].files == 3


@pytest.mark.parametrize(
    ("damage", "path", "says"),
    [
        (lambda store: flip(store / HOUR_EVENTS), HOUR_EVENTS, "checksum"),
        (lambda store: flip(store / PART_ROLLUP, -50), PART_ROLLUP, "checksum of its footer"),
        (lambda store: flip(store / CLOSED_SEGMENT, 900), CLOSED_SEGMENT, "no valid record"),
        (lambda store: (store / CLOSED_SEGMENT).write_bytes(b"noise"), CLOSED_SEGMENT, "no valid record"),
        (
            lambda store: (store / ACTIVE_SEGMENT).write_bytes((store / ACTIVE_SEGMENT).read_bytes() + FOREIGN),
            ACTIVE_SEGMENT,
            "expected records that this release knows, found 1",
        ),
        (lambda store: (store / PART_ROLLUP).unlink(), "rollups/date=2023-11-14/hour=22", "expected a rollup"),
        (lambda store: (store / "journal/notes").write_bytes(b"?"), "journal/notes", "expected a segment"),
        (lambda store: (store / "events/stranger").mkdir(), "events/stranger", ""),
        (lambda store: put_odd(store / "lock.tmp", "pipe"), "lock.tmp", "expected a file"),
        (
            lambda store: shutil.rmtree(store / "rollups") or put_odd(store / "rollups", "link to itself"),
            "rollups",
            "a folder",
        ),
        (
            lambda store: shutil.copy(store / PART_EVENTS, store / HOUR_EVENTS),
            HOUR_EVENTS,
            f"its bytes are those of {PART_EVENTS}",
        ),
    ],
)
def test_a_fault_is_found_with_its_path(store: Path, damage: Callable[[Path], object], path: str, says: str) -> None:
    """Each kind of it, in a sentence that says what was expected or what is wrong."""
    damage(store)
    found = {each.path: each.found for each in looked(store).problems}
    if path == "events/stranger":
        assert found == {}, "an empty folder is none: a start removes it"
    else:
        assert says in found[path]


@pytest.mark.parametrize("name", [HOUR_EVENTS, HOUR_ROLLUP, PART_EVENTS, PART_ROLLUP, CLOSED_SEGMENT])
def test_every_flipped_bit_is_found(store: Path, name: str) -> None:
    """Of every file that holds data, wherever it is."""
    data = (store / name).read_bytes()
    for place, damaged in flipped(data, 40):
        (store / name).write_bytes(damaged)
        assert name in [each.path for each in looked(store).problems], f"byte {place}"


@pytest.mark.parametrize("kind", ODD)
def test_odd_things_keep_nobody_waiting(store: Path, kind: str) -> None:
    """In place of files of every kind: found, and the rest is examined."""
    for name in (PART_EVENTS, ACTIVE_SEGMENT, "lock"):
        (store / name).unlink()
        put_odd(store / name, kind)
    paths = {each.path for each in check(Files(), str(store), (), lambda done, total: None).report.problems}
    assert {PART_EVENTS, ACTIVE_SEGMENT, "lock"} <= paths or kind in ("folder", "full folder")


def test_what_a_crash_leaves_is_a_note(store: Path) -> None:
    """A torn tail, unfinished files, and what is not ours at the top: none of these is damage."""
    with (store / ACTIVE_SEGMENT).open("ab") as file:
        file.write(b"\xff\x00TRtorn")
    (store / (PART_EVENTS + ".tmp")).write_bytes(b"half")
    (store / "README").write_bytes(b"?")
    report = looked(store)
    assert report.clean
    assert [each.path for each in report.notes] == [PART_EVENTS + ".tmp", ACTIVE_SEGMENT, "README"]


def test_a_store_in_use_is_told_with_who_holds_it(store: Path) -> None:
    """It is looked at all the same."""
    import os

    with Folder(Files(), str(store)).locked():
        report = check(Files(), str(store), (), lambda done, total: None).report
    assert report.held_by == str(os.getpid())
    assert report.clean


def test_settings_and_quarantine_are_told(store: Path) -> None:
    """What is wrong with the stored settings is a problem; what was set aside before is listed."""
    (store / "quarantine" / "journal").mkdir(parents=True)
    (store / "quarantine" / "journal" / "old").write_bytes(b"?")
    report = looked(store, "stored settings: expected JSON")
    assert report.problems == [Problem("settings.json", "stored settings: expected JSON")]
    assert report.quarantine == ["quarantine/journal/old"]


def test_progress_goes_to_the_end(store: Path) -> None:
    """It begins at none and ends at all."""
    steps: list[tuple[int, int]] = []
    check(Files(), str(store), (), lambda done, total: steps.append((done, total)))
    assert steps == [(0, 6), (2, 6), (6, 6)]


def test_what_was_done_stands_beside_the_problem() -> None:
    """By its path."""
    report = mended(Report("/store", problems=[Problem("a", "x"), Problem("b", "y")]), {"a": "set aside"})
    assert [each.mended for each in report.problems] == ["set aside", ""]
