"""Stores of many days, made by ``bench_store.py`` in processes of their own, two at a time."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from measured_daemon import ROOT

PROGRAM = ROOT / "scripts" / "bench_store.py"
DAY = 86_400
# What is older than the retention would be removed under our hands.
KEEP_ALL = {"IPFS_KIT_TELEMETRY_RETENTION": "3650"}
_AT_ONCE = 2
_END = "end"
_GLANCE = 0.1


@dataclass(frozen=True, slots=True)
class Store:
    """What a store holds: whole days up to the midnight before it was made."""

    days: int
    operations: int
    types: int = 5
    backends: int = 4

    def folder(self, stores: Path) -> Path:
        """Return the folder that a daemon runs in, with the store in ``metrics``."""
        return stores / f"{self.days}d-{self.operations}o-{self.types}x{self.backends}"

    def end(self, stores: Path) -> int:
        """Return the midnight after its last day when it was made, in Unix seconds."""
        return int((self.folder(stores) / _END).read_text())


def make(stores: Path, wanted: Sequence[Store], step: Callable[[str, float], None]) -> None:
    """Make those that are not there, the largest first; raises SystemExit where that fails."""
    wanted = list(dict.fromkeys(wanted))
    missing = [each for each in wanted if not each.folder(stores).exists()]
    missing.sort(key=lambda store: (store.days * store.operations, store.days), reverse=True)
    total, running = sum(store.days for store in wanted), dict[Store, subprocess.Popen[bytes]]()
    try:
        while missing or running:
            while missing and len(running) < _AT_ONCE:
                store = missing.pop(0)
                running[store] = _start(store, stores)
            done = [store for store, process in running.items() if process.poll() is not None]
            for store in done:
                if running.pop(store).returncode:
                    words = (_unfinished(store, stores) / "made").read_text()[-2000:]
                    raise SystemExit(f"expected a store of {store.days} days, found none:\n{words}")
                _finish(store, stores)
            whole = sum(store.days for store in wanted if store.folder(stores).exists())
            made = whole + sum(_days_made(store, stores) for store in running)
            step(f"{made:,.0f} days of {total:,}", made / total)
            time.sleep(_GLANCE)
    finally:
        for process in running.values():
            process.kill()
            process.wait()


def taken(kept: Path, stores: Path, wanted: Sequence[Store]) -> None:
    """Give the daemons of a run stores of their own, so that those that are kept stay as they were made."""
    for store in dict.fromkeys(wanted):
        shutil.copytree(store.folder(kept), store.folder(stores), copy_function=_link)


def _link(source: str, target: str) -> None:
    try:
        # Sealed files are never edited.
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _finish(store: Store, stores: Path) -> None:
    folder = _unfinished(store, stores)
    dates = (path.name.removeprefix("date=") for path in (folder / "metrics" / "events").iterdir())
    end = int(datetime.fromisoformat(max(dates)).replace(tzinfo=UTC).timestamp()) + DAY
    (folder / _END).write_text(str(end))
    folder.rename(store.folder(stores))


def _unfinished(store: Store, stores: Path) -> Path:
    return store.folder(stores).with_suffix(".tmp")


def _days_made(store: Store, stores: Path) -> float:
    """Return how many days there are, by the last words of the process that makes them."""
    told = re.findall(r"(\d+)/\d+ hours", (_unfinished(store, stores) / "made").read_text())
    return int(told[-1]) / 24 if told else 0.0


def _start(store: Store, stores: Path) -> subprocess.Popen[bytes]:
    folder = _unfinished(store, stores)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shape = {"days": store.days, "operations": store.operations, "types": store.types, "backends": store.backends}
    options = [f"--{name}={value}" for name, value in shape.items()]
    log = folder / "made"
    with log.open("wb") as told:
        return subprocess.Popen(
            [sys.executable, PROGRAM, folder / "metrics", *options], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=told
        )
