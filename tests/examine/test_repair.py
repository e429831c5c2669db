"""Mending a store."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from telemetryd.examine.findings import Report
from telemetryd.examine.repair import BY_THE_DAEMON, REBUILT, SET_ASIDE, repair
from telemetryd.examine.store import check
from telemetryd.model.errors import FolderInUse
from telemetryd.storage.files import Files
from telemetryd.storage.folder import Folder
from tests.end_to_end.small_store import ask

from .places import ACTIVE_SEGMENT, CLOSED_SEGMENT, HOUR_EVENTS, HOUR_ROLLUP, PART_ROLLUP, flip, picture


def repaired(store: Path) -> Report:
    return repair(Files(), str(store), (), 60, lambda done, total: None)


def look(store: Path) -> Report:
    return check(Files(), str(store), (), lambda done, total: None).report


def test_a_whole_store_is_left_as_it_is(store: Path) -> None:
    """Every byte of it."""
    before = [each for each in picture(store) if each[0] != "lock"]
    assert repaired(store).clean
    assert [each for each in picture(store) if each[0] != "lock"] == before


@pytest.mark.parametrize("damage", [lambda path: flip(path), lambda path: path.unlink()], ids=["flipped", "gone"])
@pytest.mark.parametrize("name", [HOUR_ROLLUP, PART_ROLLUP])
def test_a_lost_rollup_is_made_anew(store: Path, tmp_path: Path, name: str, damage: Callable[[Path], None]) -> None:
    """From its events; every number is as it was, and looking again finds nothing."""
    expected = asyncio.run(ask(Path(shutil.copytree(store, tmp_path / "untouched"))))
    damage(store / name)
    report = repaired(store)
    assert not report.clean
    assert all(REBUILT in each.mended for each in report.problems)
    again = look(store)
    assert again.clean
    assert len(again.quarantine) == (0 if len(report.problems) == 1 and "hour=" in report.problems[0].path[-8:] else 1)
    assert asyncio.run(ask(store)).numbers == expected.numbers


def test_a_damaged_events_part_is_set_aside_and_its_numbers_stay(store: Path, tmp_path: Path) -> None:
    """Its rollup tells them; the file is in quarantine with all its bytes."""
    expected = asyncio.run(ask(Path(shutil.copytree(store, tmp_path / "untouched"))))
    flip(store / HOUR_EVENTS)
    data = (store / HOUR_EVENTS).read_bytes()
    assert [(each.path, each.mended) for each in repaired(store).problems] == [(HOUR_EVENTS, SET_ASIDE)]
    assert (store / "quarantine" / HOUR_EVENTS).read_bytes() == data
    assert look(store).clean
    assert asyncio.run(ask(store)).numbers == expected.numbers


def test_what_is_not_ours_and_what_stands_in_the_way_is_set_aside(store: Path) -> None:
    """Files, folders and things in place of folders."""
    (store / "journal" / "notes").write_bytes(b"?")
    (store / "events" / "date=today").mkdir()
    (store / "events" / "date=today" / "hour=now").mkdir()
    shutil.rmtree(store / "rollups")
    (store / "rollups").write_bytes(b"?")
    report = repaired(store)
    assert {each.path for each in report.problems if SET_ASIDE in each.mended} == {
        "journal/notes",
        "events/date=today/hour=now",
        "rollups",
    }
    assert [each for each in report.problems if not each.mended] == []
    assert look(store).clean


def test_a_damaged_segment_is_left_to_the_daemon(store: Path) -> None:
    """Which replays all of it that is whole; one of which nothing is whole is set aside."""
    flip(store / CLOSED_SEGMENT, 900)
    assert [(each.path, each.mended) for each in repaired(store).problems] == [(CLOSED_SEGMENT, BY_THE_DAEMON)]
    assert (store / CLOSED_SEGMENT).exists()
    (store / ACTIVE_SEGMENT).write_bytes(b"noise")
    done = {each.path: each.mended for each in repaired(store).problems}
    assert done == {CLOSED_SEGMENT: BY_THE_DAEMON, ACTIVE_SEGMENT: SET_ASIDE}
    told = asyncio.run(ask(store))
    assert f"{CLOSED_SEGMENT}" in told.quarantine
    assert look(store).clean


def test_a_store_in_use_is_not_mended(store: Path) -> None:
    """It says who has it, and changes nothing."""
    flip(store / HOUR_ROLLUP)
    with Folder(Files(), str(store)).locked():
        before = picture(store)
        with pytest.raises(FolderInUse, match="in use by process"):
            repaired(store)
        assert picture(store) == before
