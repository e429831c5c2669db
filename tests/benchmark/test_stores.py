"""Stores that are kept from run to run."""

from __future__ import annotations

from pathlib import Path

from benchmark.stores import DAY, Store, make, taken

STORE = Store(days=2, operations=240)


def kept(folder: Path) -> Path:
    made = STORE.folder(folder)
    part = made / "metrics" / "events" / "date=2026-11-23" / "hour=00" / "hour-1-2.parquet"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"rows")
    (made / "end").write_text(str(20 * DAY))
    return part


def test_what_is_there_is_not_made_again(tmp_path: Path) -> None:
    """A store that was kept needs no process, and says until when it goes."""
    kept(tmp_path)
    make(tmp_path, [STORE, STORE], lambda text, share: None)
    assert STORE.end(tmp_path) == 20 * DAY


def test_a_run_has_its_own(tmp_path: Path) -> None:
    """What a daemon removes from a store, or adds to it, is not seen in the one that is kept."""
    part = kept(tmp_path / "kept")
    taken(tmp_path / "kept", tmp_path / "run", [STORE, STORE])
    mine = STORE.folder(tmp_path / "run") / part.relative_to(STORE.folder(tmp_path / "kept"))
    assert mine.read_bytes() == b"rows"
    mine.unlink()
    (mine.parent / "new.parquet").write_bytes(b"more")
    assert [path.name for path in part.parent.iterdir()] == [part.name]
    assert part.read_bytes() == b"rows"
