"""The seam to the filesystem."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from telemetryd.storage.files import TMP, Files, remove_if_there, write_whole
from tests.damage import ODD, put_odd
from tests.disk.disk import MOUNT, CrashDisk
from tests.disk.faults import FailingFiles, Fault, Faults


def test_a_created_file_holds_what_was_written(files: Files, tmp_path: Path) -> None:
    """All bytes of all writes are there, in order, and each write tells its length."""
    file = files.create(str(tmp_path / "a"))
    assert (file.write(b"one "), file.write(memoryview(b"two"))) == (4, 3)
    file.sync()
    file.close()
    file.close()
    assert files.read(str(tmp_path / "a")) == b"one two"
    assert files.size(str(tmp_path / "a")) == 7


def test_a_short_write_goes_on_with_the_rest(files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system may take fewer bytes than it is given, and says so."""
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:3]))
    file = files.create(str(tmp_path / "a"))
    assert file.write(b"one after the other") == 19
    file.close()
    assert files.read(str(tmp_path / "a")) == b"one after the other"


def test_creating_takes_the_place_of_what_was_there(files: Files, tmp_path: Path) -> None:
    """A file left over from an earlier try does not shine through."""
    (tmp_path / "a").write_bytes(b"something long")
    file = files.create(str(tmp_path / "a"))
    file.write(b"new")
    file.close()
    assert (tmp_path / "a").read_bytes() == b"new"


def test_writing_whole_gives_the_old_bytes_or_the_new(tmp_path: Path) -> None:
    """Wherever the disk fails, the file holds all of the old or all of the new, never a mixture."""
    path = tmp_path / "settings.json"
    seen = set()
    for good in range(6):
        path.write_bytes(b"old")
        try:
            write_whole(FailingFiles(good), str(path), b"new and longer")
        except OSError:
            seen.add((path.read_bytes(), "raised"))
        else:
            seen.add((path.read_bytes(), "returned"))
    assert seen == {(b"old", "raised"), (b"new and longer", "raised"), (b"new and longer", "returned")}


def test_writing_whole_leaves_no_unfinished_file(files: Files, tmp_path: Path) -> None:
    """After a success only the file itself is there."""
    write_whole(files, str(tmp_path / "a"), b"x")
    assert files.names(str(tmp_path)) == ["a"]
    assert not (tmp_path / ("a" + TMP)).exists()


def test_names_of_a_missing_folder_are_none(files: Files, tmp_path: Path) -> None:
    """A folder that was removed under a listing is an empty one."""
    assert files.names(str(tmp_path / "missing")) == []


def test_folders_are_made_with_those_above_them(files: Files, tmp_path: Path) -> None:
    """Making a folder makes its parents, and making it again is nothing."""
    path = str(tmp_path / "a" / "b" / "c")
    files.make_folder(path)
    files.make_folder(path)
    assert files.is_folder(path)


def test_a_folder_cannot_be_made_below_a_file(files: Files, tmp_path: Path) -> None:
    """A path that leads through a regular file is refused by the system itself, also for root."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(NotADirectoryError):
        files.make_folder(str(tmp_path / "file" / "below"))
    with pytest.raises(FileExistsError):
        files.make_folder(str(tmp_path / "file"))


def test_a_link_to_a_folder_is_no_folder(files: Files, tmp_path: Path) -> None:
    """A walk that follows only folders never leaves the tree."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert files.is_folder(str(tmp_path / "real"))
    assert not files.is_folder(str(tmp_path / "link"))


def test_a_lock_keeps_others_out_until_it_is_released(files: Files, tmp_path: Path) -> None:
    """The second one learns what the first one left in the file, and gets the lock afterwards."""
    path = str(tmp_path / "lock")
    first = files.lock(path, "4711\n")
    with pytest.raises(BlockingIOError) as refused:
        files.lock(path, "4712\n")
    assert refused.value.strerror == "4711"
    first.release()
    first.release()
    files.lock(path, "7\n").release()
    assert files.read(path) == b"7\n"


def test_removing_what_is_gone_is_nothing(files: Files, tmp_path: Path) -> None:
    """A removal may be done twice; other errors still come through."""
    remove_if_there(files, str(tmp_path / "gone"))
    with pytest.raises(OSError, match="directory"):
        remove_if_there(files, str(tmp_path))


def test_only_a_plain_file_is_one(files: Files, tmp_path: Path) -> None:
    """No folder, pipe, link or device, whatever it leads to; nor what is not there."""
    (tmp_path / "plain").write_bytes(b"")
    (tmp_path / "link").symlink_to(tmp_path / "plain")
    assert files.is_file(str(tmp_path / "plain"))
    for kind in ODD:
        put_odd(tmp_path / kind, kind)
        assert not files.is_file(str(tmp_path / kind)), kind
    assert not files.is_file(str(tmp_path / "link"))
    assert not files.is_file(str(tmp_path / "missing"))


@pytest.mark.parametrize("kind", ODD)
def test_creating_neither_waits_nor_follows_a_link(files: Files, tmp_path: Path, kind: str) -> None:
    """What is no file and has the name is an error at once, and what a link leads to stays as it is."""
    (tmp_path / "nowhere").write_bytes(b"not ours")
    put_odd(tmp_path / "odd", kind)
    with pytest.raises(OSError, match="odd"):
        files.create(str(tmp_path / "odd"))
    assert (tmp_path / "nowhere").read_bytes() == b"not ours"


def test_the_holder_of_a_lock_is_told_without_taking_it(files: Files, tmp_path: Path) -> None:
    """Its note while it holds it, nothing before and after; a missing file is not made."""
    path = str(tmp_path / "lock")
    assert files.holder(path) == ""
    assert not files.exists(path)
    lock = files.lock(path, "4711\n")
    assert files.holder(path) == "4711"
    lock.release()
    assert files.holder(path) == ""
    put_odd(tmp_path / "pipe", "pipe")
    assert files.holder(str(tmp_path / "pipe")) == ""


def test_what_cannot_be_written_whole_leaves_nothing_behind(tmp_path: Path) -> None:
    """On a full disk half a file would keep everything else from being written."""
    path = tmp_path / "file"
    path.write_bytes(b"old")
    for verb in ("create", "write", "sync", "rename"):
        with pytest.raises(OSError, match="No space left"):
            write_whole(FailingFiles(faults=Faults(Fault(verb, 1, errno.ENOSPC))), str(path), b"new")
        assert [each.name for each in tmp_path.iterdir()] == ["file"], verb
        assert path.read_bytes() == b"old"


def test_a_file_is_shortened_in_place(files: Files, tmp_path: Path) -> None:
    """What is left of it is its beginning; a link is not followed."""
    path, link = tmp_path / "file", tmp_path / "link"
    path.write_bytes(b"beginning and end")
    link.symlink_to(path)
    files.shorten(str(path), 9)
    assert path.read_bytes() == b"beginning"
    with pytest.raises(OSError, match="symbolic links"):
        files.shorten(str(link), 1)


def test_folders_that_are_made_have_durable_names() -> None:
    """Those above that were missing too."""
    disk = CrashDisk()
    disk.make_folder(f"{MOUNT}/a/b/c")
    assert f"{MOUNT}/a/b/c" in disk.platter.least_after_crash().listing()
