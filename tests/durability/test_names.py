"""What is done to names is done for good when the call returns, in every state that a loss of power may leave."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from telemetryd.storage import compactor, retention, sealer
from telemetryd.storage.files import write_whole
from telemetryd.storage.folder import Folder
from telemetryd.storage.inventory import take_inventory
from telemetryd.storage.journal import ActiveSegment
from telemetryd.storage.part_name import Part
from telemetryd.storage.records import Checkpoint
from tests.disk.disk import CrashDisk
from tests.storage.samples import frozen_of

from .world import METRICS_PATH


@dataclass(frozen=True, slots=True)
class Bench:
    """A disk, and a folder on it that is laid out, durably."""

    disk: CrashDisk
    folder: Folder

    def segment(self, sequence: int = 1) -> str:
        segment = ActiveSegment.create(self.disk, self.folder, Checkpoint(sequence, True, b""))
        return segment.close()

    def sealed(self, first: int = 1) -> list[Part]:
        """Return parts of two hours that are in place and committed."""
        return sealer.seal(self.disk, self.folder, frozen_of(20, first=first, hours=2), 60)

    def left(self) -> list[set[str]]:
        """Return the names of files that there may be after a loss of power: one set for each state."""
        states = self.disk.platter.all_after_crash()
        return [{path for path, content in state.listing().items() if content is not None} for state in states]


@pytest.fixture
def bench() -> Bench:
    disk = CrashDisk()
    folder = Folder(disk, METRICS_PATH)
    with folder.locked():
        pass
    return Bench(disk, folder)


def gone(bench: Bench, *paths: str) -> bool:
    return all(not names & set(paths) for names in bench.left())


def there(bench: Bench, *paths: str) -> bool:
    return all(names >= set(paths) for names in bench.left())


def test_a_segment_that_is_begun_is_there(bench: Bench) -> None:
    """Under one of its two names: that it is closed need not be durable."""
    path = bench.segment()
    active = path.replace(".closed", ".active")
    assert all(len(names & {path, active}) == 1 for names in bench.left())


def test_a_closed_segment_has_its_name_for_good_when_the_next_one_is_begun(bench: Bench) -> None:
    """So there is one at most that may still be called active."""
    path = bench.segment()
    bench.segment(2)
    assert there(bench, path)


def test_parts_that_are_sealed_are_there(bench: Bench) -> None:
    """Before the segment goes that they are made of."""
    assert there(bench, *(part.path for part in bench.sealed()))


def test_a_segment_that_is_committed_is_gone(bench: Bench) -> None:
    """Or its parts would be taken for those of a seal that was cut short."""
    path = bench.segment()
    sealer.commit(bench.disk, bench.folder, path)
    assert gone(bench, path)


def test_a_damaged_segment_that_is_committed_is_in_quarantine(bench: Bench) -> None:
    """And nowhere else."""
    path = bench.segment()
    sealer.commit(bench.disk, bench.folder, path, keep=True)
    aside = os.path.join(METRICS_PATH, "quarantine/journal", os.path.basename(path))
    assert gone(bench, path) and there(bench, aside)


def test_what_is_set_aside_is_there_and_nowhere_else(bench: Bench) -> None:
    """A part that cannot be read, say."""
    part = bench.sealed()[0]
    aside = bench.folder.quarantine(part.path)
    assert there(bench, aside) and gone(bench, part.path)


def test_old_parts_that_are_removed_are_gone(bench: Bench) -> None:
    """They would lie beside the new one until the next start."""
    parts, others = bench.sealed(), bench.sealed(21)
    compactor.remove(bench.disk, bench.folder, parts)
    assert gone(bench, *(part.path for part in parts)) and there(bench, *(part.path for part in others))


def test_hours_that_are_removed_are_gone(bench: Bench) -> None:
    """Events and rollups; the hours beside them stay."""
    parts = bench.sealed()
    hour = parts[0].hour
    retention.remove(bench.disk, bench.folder, hour)
    assert gone(bench, *(part.path for part in parts if part.hour == hour))
    assert there(bench, *(part.path for part in parts if part.hour != hour))


def unfinished(bench: Bench, parts: list[Part]) -> str:
    path = f"{parts[0].path}.tmp"
    write_whole(bench.disk, path, b"half a par")
    return path


def uncommitted(bench: Bench, parts: list[Part]) -> str:
    bench.segment(parts[0].first)
    return parts[0].path


@pytest.mark.parametrize("leftover", [unfinished, uncommitted])
def test_what_a_start_removes_is_gone(bench: Bench, leftover: Callable[[Bench, list[Part]], str]) -> None:
    """What never happened must not come back when it would be taken for something else."""
    path = leftover(bench, bench.sealed())
    assert bench.disk.exists(path)
    take_inventory(bench.disk, bench.folder)
    assert gone(bench, path)
