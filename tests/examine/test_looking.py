"""A disk to look at only."""

from __future__ import annotations

from pathlib import Path

import pytest

from telemetryd.examine.looking import ATTEMPTS, Looking, steady
from telemetryd.storage.folder import Folder
from telemetryd.storage.inventory import take_inventory

from .places import PART_EVENTS, picture


def test_an_inventory_of_it_changes_nothing(store: Path) -> None:
    """What a start would move and remove is told, and stays where it is."""
    (store / "events" / "stranger").write_bytes(b"?")
    (store / (PART_EVENTS + ".tmp")).write_bytes(b"half")
    (store / "rollups" / "date=2023-11-13").mkdir()
    before = picture(store)
    files = Looking()
    found = take_inventory(files, Folder(files, str(store)))
    assert [files.moved[path] for path, _ in found.set_aside] == [str(store / "events" / "stranger")]
    assert found.removed == [str(store / (PART_EVENTS + ".tmp"))]
    assert picture(store) == before


def test_nothing_can_be_written_or_locked(tmp_path: Path) -> None:
    """Whoever tries is refused."""
    for attempt in (lambda: Looking().create(str(tmp_path / "a")), lambda: Looking().lock(str(tmp_path / "a"), "x")):
        with pytest.raises(OSError, match="expected to look only"):
            attempt()
    assert list(tmp_path.iterdir()) == []


def test_one_looks_again_where_something_went_away() -> None:
    """A few times; then it is an error."""
    looks = []

    def look(quiet_after: int) -> str:
        looks.append(1)
        if len(looks) <= quiet_after:
            raise FileNotFoundError("compacted")
        return "still"

    assert steady(lambda: look(ATTEMPTS - 1)) == "still"
    looks.clear()
    with pytest.raises(FileNotFoundError):
        steady(lambda: look(ATTEMPTS))
