"""The metrics folder."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import ClassVar

import pytest

from telemetryd.model.errors import FolderInUse, StorageError
from telemetryd.storage.files import Files
from telemetryd.storage.folder import Folder
from tests.damage import ODD, put_odd
from tests.disk.disk import MOUNT, CrashDisk
from tests.disk.faults import FailingFiles, Fault, Faults

from .samples import HOUR


def test_the_layout_is_made(files: Files, tmp_path: Path) -> None:
    """A folder that is missing, with those above it, is made with all that belongs into it."""
    with Folder(files, str(tmp_path / "a" / "b")).locked() as folder:
        assert files.names(folder.path) == ["days", "events", "journal", "lock", "rollups"]


def test_partitions_are_hive_paths_in_utc(files: Files, tmp_path: Path) -> None:
    """An hour's folder tells its date and hour in UTC."""
    folder = Folder(files, str(tmp_path))
    assert folder.partition("events", 0) == f"{tmp_path}/events/date=1970-01-01/hour=00"
    assert folder.partition("rollups", 1_700_000_000) == f"{tmp_path}/rollups/date=2023-11-14/hour=22"


def test_two_locks_on_one_folder_are_refused(files: Files, folder: Folder) -> None:
    """The second one is told the folder and the process that holds it, and nothing is changed."""
    with pytest.raises(FolderInUse) as refused, Folder(Files(), folder.path).locked():
        pass
    assert str(refused.value) == (
        f"{folder.path}: expected a folder of our own, found it in use by process {os.getpid()}"
    )


def test_the_lock_ends_with_its_process(files: Files, tmp_path: Path) -> None:
    """A process that was killed leaves a lock file and no lock."""
    path = str(tmp_path / "telemetry")
    holding = (
        "import os; from telemetryd.storage.files import Files; from telemetryd.storage.folder import Folder\n"
        f"context = Folder(Files(), {path!r}).locked(); context.__enter__(); os.kill(os.getpid(), 9)"
    )
    killed = subprocess.run([sys.executable, "-c", holding], check=False, env={**os.environ, "PYTHONPATH": os.getcwd()})
    assert killed.returncode == -9
    assert os.path.exists(os.path.join(path, "lock"))
    with Folder(files, path).locked():
        pass


def test_the_lock_is_released_on_leaving(files: Files, folder: Folder, tmp_path: Path) -> None:
    """A folder can be held again by the same process after it let go."""
    for _ in range(2):
        with Folder(files, str(tmp_path / "other")).locked():
            pass


def test_a_folder_that_cannot_be_made_is_told_in_a_sentence(files: Files, tmp_path: Path) -> None:
    """The sentence names the folder and the system's reason.

    The tests may run as root, whom permissions do not stop: a path below a regular file and
    one in /proc are refused to root as well.
    """
    (tmp_path / "file").write_bytes(b"")
    below_a_file = str(tmp_path / "file" / "telemetry")
    with pytest.raises(StorageError) as refused, Folder(files, below_a_file).locked():
        pass
    assert str(refused.value).startswith(
        f"{below_a_file}: expected a folder that can be written, found: Not a directory"
    )
    with pytest.raises(StorageError, match=r"^/proc/telemetry: expected a folder that can be written, found: "):
        Folder(files, "/proc/telemetry").locked().__enter__()


def test_a_folder_that_takes_no_bytes_is_refused_at_start_and_unlocked(folder: Folder, tmp_path: Path) -> None:
    """A read-only or full disk is found by writing, whatever the permissions say."""
    path = str(tmp_path / "full")
    for good in range(8):
        with pytest.raises(StorageError, match="No space left on device"):
            Folder(FailingFiles(good), path).locked().__enter__()
    with Folder(Files(), path).locked():
        pass


def test_quarantine_keeps_the_place_and_writes_over_nothing(files: Files, folder: Folder) -> None:
    """Two files of one name that are set aside are both kept, below the place they had."""
    kept = []
    for text in (b"first", b"second"):
        path = Path(folder.journal) / "odd"
        path.write_bytes(text)
        kept.append(folder.quarantine(str(path)))
        assert not path.exists()
    assert kept == [f"{folder.path}/quarantine/journal/odd", f"{folder.path}/quarantine/journal/odd.1"]
    assert [files.read(path) for path in kept] == [b"first", b"second"]


def test_an_empty_partition_goes_with_its_date_but_not_the_roots(files: Files, folder: Folder) -> None:
    """Folders that hold nothing are removed up to the kind's root; one that holds something stays."""
    one, other = folder.partition("events", HOUR), folder.partition("events", HOUR + 3600)
    files.make_folder(one)
    files.make_folder(other)
    (Path(other) / "part").write_bytes(b"")
    folder.remove_empty(one)
    folder.remove_empty(other)
    assert not files.exists(one)
    assert files.exists(other)
    (Path(other) / "part").unlink()
    folder.remove_empty(other)
    assert files.names(folder.path) == ["days", "events", "journal", "lock", "rollups"]
    assert files.names(folder.root("events")) == []


def test_the_names_that_lead_to_a_partition_are_made_durable(folder: Folder) -> None:
    """Not the partition alone is synced, but every folder up to the root of its kind."""

    class Watching(Files):
        synced: ClassVar[list[str]] = []

        def sync_folder(self, path: str) -> None:
            self.synced.append(os.path.relpath(path, folder.path))

    files = Watching()
    Folder(files, folder.path).sync_partition(folder.partition("events", HOUR))
    assert files.synced == ["events/date=2023-11-14/hour=22", "events/date=2023-11-14", "events"]


def test_a_layout_whose_names_were_not_durable_is_made_so_by_the_next_start() -> None:
    """Whichever sync of a folder failed the first time, and however many folders had to be made."""
    path = f"{MOUNT}/a/b/telemetry"
    nth = 0
    while True:
        nth += 1
        disk = CrashDisk(faults=Faults(Fault("sync_folder", nth)))
        try:
            with Folder(disk, path).locked():
                break
        except StorageError:
            with Folder(disk, path).locked():
                left = disk.platter.least_after_crash().listing()
        assert {f"{path}/{name}" for name in ("days", "events", "journal", "rollups")} <= set(left), nth
    assert nth > 5


class Above(Files):
    """A disk on which the folders above a path cannot be synced, for a reason."""

    def __init__(self, path: Path, number: int) -> None:
        self._path = path
        self._number = number

    def sync_folder(self, path: str) -> None:
        if self._path.is_relative_to(path):
            raise OSError(self._number, os.strerror(self._number), path)
        super().sync_folder(path)


def test_folders_above_that_are_not_ours_stop_no_start(tmp_path: Path) -> None:
    """One that we may not read, or on a disk that syncs no folders; but where the disk fails, its names may be lost."""
    path = tmp_path / "telemetry"
    path.mkdir()
    with (
        pytest.raises(StorageError, match="Input/output error"),
        Folder(Above(tmp_path, errno.EIO), str(path)).locked(),
    ):
        pass
    for number in (errno.EACCES, errno.EINVAL, errno.EROFS):
        with Folder(Above(tmp_path, number), str(path)).locked() as folder:
            assert Files().names(folder.path) == ["days", "events", "journal", "lock", "rollups"]
        (path / "lock").unlink()


@pytest.mark.parametrize("kind", [*ODD, "file"])
@pytest.mark.parametrize(
    "name", ["events", "rollups", "days", "journal", "quarantine", "lock", "probe.tmp", "settings.json.tmp"]
)
def test_what_stands_in_the_way_is_set_aside(files: Files, tmp_path: Path, name: str, kind: str) -> None:
    """Whatever has a name of ours and is something else: it is kept, told, and the folder is as it should be."""
    path = tmp_path / "telemetry"
    path.mkdir()
    is_ours = kind in (("file",) if name == "lock" or name.endswith(".tmp") else ("folder", "full folder"))
    if kind == "file":
        (path / name).write_bytes(b"?")
    else:
        put_odd(path / name, kind)
    with Folder(files, str(path)).locked() as folder:
        assert {"days", "events", "journal", "lock", "rollups"} <= set(os.listdir(path))
        assert len(folder.set_aside) == (0 if is_ours else 1)
        assert all(files.exists(where) for where, _ in folder.set_aside)
    with Folder(files, str(path)).locked() as again:
        assert again.set_aside == []


def test_a_file_in_quarantine_is_in_nobodys_way(files: Files, folder: Folder) -> None:
    """What was set aside under the name of a folder does not stop what comes from below that folder."""
    os.makedirs(f"{folder.path}/quarantine")
    Path(folder.path, "quarantine", "journal").write_bytes(b"was in place of the journal")
    Path(folder.journal, "odd").write_bytes(b"odd")
    assert folder.quarantine(f"{folder.journal}/odd") == f"{folder.path}/quarantine/journal.1/odd"
    Path(folder.journal, "odd").write_bytes(b"odd")
    assert folder.quarantine(f"{folder.journal}/odd") == f"{folder.path}/quarantine/journal.1/odd.1"
