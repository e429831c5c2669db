"""Charts on disk: what is given is what was kept, or nothing."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from telemetryd.charts.cache import ChartCache
from telemetryd.storage.files import Files
from tests.disk.faults import FailingFiles

KEYS = [f"{number:032x}" for number in range(20)]
MIB = 1 << 20


def cache_of(folder: Path, limit: int = MIB, files: Files | None = None) -> ChartCache:
    return ChartCache(str(folder / "cache"), lambda: limit, files)


def stored(folder: Path) -> int:
    """Return the bytes that are kept."""
    return sum(path.stat().st_size for path in (folder / "cache").iterdir())


def test_a_chart_is_kept(tmp_path: Path) -> None:
    """By its key, until another takes its place; also after a restart."""
    cache = cache_of(tmp_path)
    assert cache.get(KEYS[0]) is None
    cache.put(KEYS[0], b"a chart")
    cache.put(KEYS[1], b"")
    assert cache.get(KEYS[0]) == b"a chart"
    cache.put(KEYS[0], b"another")
    for each in (cache, cache_of(tmp_path)):
        assert (each.get(KEYS[0]), each.get(KEYS[1]), each.get(KEYS[2])) == (b"another", b"", None)


def test_the_longest_unused_goes_first(tmp_path: Path) -> None:
    """When the room is taken; a chart that was asked for counts as used."""
    cache = cache_of(tmp_path, limit=10_000)
    for key in KEYS[:4]:
        cache.put(key, bytes(2000))
    assert cache.get(KEYS[0])
    cache.put(KEYS[4], bytes(2000))
    assert [cache.get(key) is not None for key in KEYS[:5]] == [True, False, True, True, True]
    assert stored(tmp_path) <= 10_000


def test_the_order_of_use_survives_a_restart(tmp_path: Path) -> None:
    """By the times of the files; so does the limit, which may be another then."""
    cache = cache_of(tmp_path)
    for age, key in enumerate(KEYS[:4]):
        cache.put(key, bytes(2000))
        os.utime(tmp_path / "cache" / f"{key}.chart", (age, age))
    assert cache.get(KEYS[0])
    after = cache_of(tmp_path, limit=5000)
    assert [after.get(key) is not None for key in KEYS[:4]] == [True, False, False, True]
    assert stored(tmp_path) <= 5000


def test_a_chart_larger_than_all_room_is_not_kept(tmp_path: Path) -> None:
    """And the others stay; with no room at all nothing is kept."""
    cache = cache_of(tmp_path, limit=5000)
    cache.put(KEYS[0], bytes(2000))
    cache.put(KEYS[1], bytes(5000))
    assert (cache.get(KEYS[0]), cache.get(KEYS[1])) == (bytes(2000), None)
    nothing = cache_of(tmp_path, limit=0)
    nothing.put(KEYS[2], b"")
    assert nothing.get(KEYS[2]) is None
    assert stored(tmp_path) == 0


@pytest.mark.parametrize("damage", ["cut", "flipped", "longer", "empty", "other"])
def test_a_damaged_file_is_never_given(tmp_path: Path, damage: str) -> None:
    """It is removed, and the chart kept anew when it comes again."""
    cache = cache_of(tmp_path)
    cache.put(KEYS[0], b"a chart that is whole")
    path = tmp_path / "cache" / f"{KEYS[0]}.chart"
    whole = path.read_bytes()
    flipped = whole[:-3] + bytes([whole[-3] ^ 1]) + whole[-2:]
    damaged = {"cut": whole[:-1], "flipped": flipped, "longer": whole + b"!", "empty": b"", "other": b"\x89PNG"}
    path.write_bytes(damaged[damage])
    assert cache.get(KEYS[0]) is None
    assert not path.exists()
    cache.put(KEYS[0], b"a chart that is whole")
    assert cache.get(KEYS[0]) == b"a chart that is whole"


def test_files_that_are_not_its_own(tmp_path: Path) -> None:
    """Are left alone and break nothing; what was never whole is cleared away."""
    folder = tmp_path / "cache"
    (folder / f"{KEYS[1]}.chart").mkdir(parents=True)
    for name in ("README", "x.chart", f"{KEYS[2]}.png", f"{KEYS[3]}.chart.tmp"):
        (folder / name).write_bytes(bytes(9000))
    cache = cache_of(tmp_path, limit=5000)
    for key in KEYS[:2]:
        cache.put(key, bytes(2000))
    assert cache.get(KEYS[0]) == bytes(2000)
    assert cache.get(KEYS[1]) is None
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        ["README", "x.chart", f"{KEYS[0]}.chart", f"{KEYS[1]}.chart", f"{KEYS[2]}.png"]
    )


def test_files_that_somebody_removes(tmp_path: Path) -> None:
    """Leave their room to others."""
    cache = cache_of(tmp_path, limit=5000)
    for key in KEYS[:2]:
        cache.put(key, bytes(2000))
        (tmp_path / "cache" / f"{key}.chart").unlink()
        assert cache.get(key) is None
    cache.put(KEYS[2], bytes(4500))
    assert cache.get(KEYS[2]) == bytes(4500)


@pytest.mark.parametrize("good", range(6))
def test_a_disk_that_fails(tmp_path: Path, good: int) -> None:
    """Costs the keeping, and nothing else."""
    disk = FailingFiles(good)
    cache = cache_of(tmp_path, files=disk)
    cache.put(KEYS[0], b"a chart")
    assert cache.get(KEYS[0]) == (b"a chart" if good >= 5 else None)
    disk.good = 100
    cache.put(KEYS[1], b"another")
    assert cache.get(KEYS[1]) == b"another"
    # What could not even be removed goes at the next start.
    assert cache_of(tmp_path).get(KEYS[1]) == b"another"
    assert not list((tmp_path / "cache").glob("*.tmp"))


def test_a_disk_that_cannot_be_read(tmp_path: Path) -> None:
    """Is as good as an empty one."""

    class Unreadable(Files):
        def names(self, path: str) -> list[str]:
            raise OSError(5, "Input/output error")

        def read(self, path: str) -> bytes:
            raise OSError(5, "Input/output error")

    cache = cache_of(tmp_path, files=Unreadable())
    cache.put(KEYS[0], b"a chart")
    assert cache.get(KEYS[0]) is None


@pytest.mark.parametrize("key", ["", "../../etc/passwd", "ABCDEF0123456789", "a" * 65, "0123456789abcdef\n"])
def test_a_key_is_hexadecimal(tmp_path: Path, key: str) -> None:
    """Anything else is a mistake of the caller's."""
    with pytest.raises(ValueError, match="hexadecimal"):
        cache_of(tmp_path).get(key)


def test_a_chart_that_comes_while_it_is_looked_for(tmp_path: Path) -> None:
    """Is counted like any other, though somebody has just found that it is not there."""

    class Slow(Files):
        def read(self, path: str) -> bytes:
            try:
                return super().read(path)
            except OSError:
                other.start()
                # It comes now, or has to wait until this is over.
                other.join(0.2)
                raise

    cache = cache_of(tmp_path, limit=3000, files=Slow())
    other = threading.Thread(target=cache.put, args=(KEYS[0], bytes(2000)))
    assert cache.get(KEYS[0]) is None
    other.join()
    cache.put(KEYS[1], bytes(2000))
    assert stored(tmp_path) <= 3000


@pytest.mark.parametrize("limit", [1000, 100_000])
def test_a_chart_that_cannot_be_kept_leaves_none_behind(tmp_path: Path, limit: int) -> None:
    """Where the new one is too large, or the disk fails, the old one of its key is not given in its place."""
    limits, disk = [100_000], FailingFiles(100)
    cache = ChartCache(str(tmp_path / "cache"), lambda: limits[0], disk)
    cache.put(KEYS[0], bytes(500))
    limits[0] = limit
    disk.good = 1
    cache.put(KEYS[0], bytes(2000))
    disk.good = 100
    assert cache.get(KEYS[0]) is None
    assert stored(tmp_path) <= 1000


def test_many_threads(tmp_path: Path) -> None:
    """Each gets what belongs to the key, or nothing, and the limit holds."""
    cache = cache_of(tmp_path, limit=20_000)

    def work(number: int) -> bool:
        key = KEYS[number % len(KEYS)]
        chart = key.encode() * 50
        cache.put(key, chart)
        return cache.get(key) in (chart, None)

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(work, range(400)))
    assert stored(tmp_path) <= 20_000
