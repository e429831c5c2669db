"""The folders of the reports on disk."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from telemetryd.reports.shelf import Shelf
from telemetryd.storage.files import Files

from .stand_ins import FullDisk

ID = "report_1795478400_12345"


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    shelf = Shelf(Files(), str(tmp_path / "some" / "reports"))
    shelf.make(ID)
    return shelf


def test_a_file_is_there_whole(shelf: Shelf) -> None:
    """Piece by piece written, in one step there, in place of the one before."""
    assert shelf.put(ID, "data.csv", [b"one", b"two"]) == 6
    assert Path(shelf.file(ID, "data.csv")).read_bytes() == b"onetwo"
    shelf.put(ID, "data.csv", [b"three"], durable=True)
    assert Path(shelf.file(ID, "data.csv")).read_bytes() == b"three"
    assert os.listdir(shelf.path(ID)) == ["data.csv"]


def test_a_file_that_fails_on_its_way_never_was(shelf: Shelf) -> None:
    """The one before stays, and no half of the new one."""
    shelf.put(ID, "data.csv", [b"before"])

    def pieces() -> Iterator[bytes]:
        yield b"half"
        raise RuntimeError

    with pytest.raises(RuntimeError):
        shelf.put(ID, "data.csv", pieces())
    assert Path(shelf.file(ID, "data.csv")).read_bytes() == b"before"
    assert os.listdir(shelf.path(ID)) == ["data.csv"]


def test_a_full_disk_is_said_to_be(tmp_path: Path) -> None:
    """And leaves what was there."""
    disk = FullDisk()
    shelf = Shelf(disk, str(tmp_path))
    shelf.make(ID)
    shelf.put(ID, "report.html", [b"before"])
    disk.full = True
    with pytest.raises(OSError, match="No space left"):
        shelf.put(ID, "report.html", [b"after"])
    assert Path(shelf.file(ID, "report.html")).read_bytes() == b"before"


def test_it_knows_its_files_and_their_size(shelf: Shelf) -> None:
    """Those of the report alone."""
    shelf.put(ID, "report.html", [b"12345"])
    shelf.put(ID, "data.csv", [b"123"])
    Path(shelf.path(ID), "notes.txt").write_text("mine")
    assert shelf.files(ID) == (("report.html", "data.csv"), 8)


def test_links_are_no_files_of_a_report(shelf: Shelf, tmp_path: Path) -> None:
    """Neither a link in place of a file, nor one in place of the folder, nor a folder in place of a file."""
    secret = tmp_path / "secret"
    secret.write_text("secret")
    Path(shelf.path(ID), "data.csv").symlink_to(secret)
    Path(shelf.path(ID), "report.json").mkdir()
    assert not shelf.has(ID, "data.csv") and not shelf.has(ID, "report.json")
    other = "report_1795478400_54321"
    shelf.put(ID, "report.html", [b"x"])
    Path(shelf.path(other)).symlink_to(shelf.path(ID))
    assert shelf.has(ID, "report.html") and not shelf.has(other, "report.html")


def test_it_finds_what_is_stored(shelf: Shelf) -> None:
    """Each report by its report.json; whatever else lies there is left alone."""
    shelf.put(ID, "report.json", [b"{}"])
    folder = Path(shelf.folder)
    for name in ("notes", "report_1", "report_1_2", f"{ID}0", "report_x_12345", f"{ID}.bak"):
        (folder / name).mkdir()
        (folder / name / "report.json").write_text("{}")
    (folder / "report_3_10000").write_text("a file")
    (folder / "report_4_10000").symlink_to(shelf.path(ID))
    before = sorted(os.listdir(folder))
    assert list(shelf.stored()) == [(ID, b"{}")]
    assert sorted(os.listdir(folder)) == before


def test_a_link_in_place_of_a_report_json_is_not_read(shelf: Shelf, tmp_path: Path) -> None:
    """Not at start either."""
    (tmp_path / "secret").write_text("{}")
    Path(shelf.path(ID), "report.json").symlink_to(tmp_path / "secret")
    assert list(shelf.stored()) == []


def test_what_never_was_whole_is_removed_at_start(shelf: Shelf) -> None:
    """Halves of files, and reports that were being removed."""
    shelf.put(ID, "report.json", [b"{}"])
    Path(shelf.path(ID), "data.csv.tmp").write_text("half")
    gone = Path(shelf.folder, "report_1_10000.removed")
    gone.mkdir()
    (gone / "report.html").write_text("x")
    assert [name for name, _ in shelf.stored()] == [ID]
    assert os.listdir(shelf.path(ID)) == ["report.json"]
    assert os.listdir(shelf.folder) == [ID]


def test_what_was_never_laid_out_is_removed_at_start(shelf: Shelf) -> None:
    """A folder of a report without its report.json; what else lies in it stays."""
    shelf.put(ID, "report.css", [b"x"])
    other = "report_1795478400_54321"
    shelf.make(other)
    shelf.put(other, "report.css", [b"x"])
    Path(shelf.path(other), "notes.txt").write_text("mine")
    assert list(shelf.stored()) == []
    assert os.listdir(shelf.folder) == [other]
    assert os.listdir(shelf.path(other)) == ["notes.txt"]


def test_a_folder_that_is_not_there_has_no_reports(tmp_path: Path) -> None:
    """It is made with the first one."""
    assert list(Shelf(Files(), str(tmp_path / "none")).stored()) == []


def test_a_report_is_removed_whole(shelf: Shelf) -> None:
    """Once more is no mistake."""
    shelf.put(ID, "report.html", [b"x"])
    shelf.remove(ID)
    assert os.listdir(shelf.folder) == []
    shelf.remove(ID)


def test_what_is_not_ours_stays(shelf: Shelf, tmp_path: Path) -> None:
    """Somebody's notes beside a report, and what a link in it leads to."""
    (tmp_path / "secret").write_text("secret")
    Path(shelf.path(ID), "data.csv").symlink_to(tmp_path / "secret")
    Path(shelf.path(ID), "notes.txt").write_text("mine")
    shelf.remove(ID)
    assert (tmp_path / "secret").read_text() == "secret"
    (left,) = Path(shelf.folder).iterdir()
    assert [each.name for each in left.iterdir()] == ["notes.txt"]
    other = "report_1795478400_54321"
    (tmp_path / "elsewhere").mkdir()
    Path(shelf.path(other)).symlink_to(tmp_path / "elsewhere")
    shelf.remove(other)
    assert (tmp_path / "elsewhere").is_dir()


def test_it_clears_all_but_some(shelf: Shelf) -> None:
    """What failed leaves its pages."""
    for name in ("report.html", "data.csv", "queue_size.png"):
        shelf.put(ID, name, [b"x"])
    shelf.clear(ID, ("report.html",))
    assert os.listdir(shelf.path(ID)) == ["report.html"]


def test_home_is_where_it_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A path from ``~`` on is one from the user's home."""
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Shelf(Files(), "~/reports").folder == str(tmp_path / "reports")
