"""A small store with a file of every kind, and what a daemon that starts on it answers."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from structlog.testing import capture_logs

from telemetryd.config import load
from telemetryd.daemon import running
from telemetryd.instrumentation import Instrumentation
from telemetryd.model.events import BackendHealthChange, Event
from telemetryd.model.metrics import METRIC_TYPES
from telemetryd.model.timerange import DAY, TimeRange, day_of
from telemetryd.query.request import Filters, MetricsRequest, OperationsRequest
from telemetryd.storage.folder import Folder
from tests.disk.faults import PLENTY, FailingFiles
from tests.ingest.intake import HOUR, Clock, Intake, Quiet, change, start
from tests.query.telling import told

NOW = HOUR + 1800.0
BOTH_HOURS = TimeRange(HOUR - 3600, HOUR + 1800)
DAY_AFTER = NOW + DAY
WHOLE_DAY = TimeRange(day_of(HOUR), day_of(HOUR) + DAY)
# Which batch ends up where: in a compacted hour, in two parts of another, in a closed segment, in the active one.
COMPACTED, SEALED, SEALED_TOO, CLOSED, ACTIVE, LAST = range(1, 7)


@dataclass(frozen=True, slots=True)
class Told:
    """What a daemon said: its numbers as the oracle tells them, one answer an interval, the ended operations, its log, what is in quarantine."""

    numbers: Sequence[dict[str, Any]]
    operations: tuple[str, ...]
    log: tuple[dict[str, Any], ...]
    quarantine: tuple[str, ...]

    def said(self, *kinds: str) -> list[dict[str, Any]]:
        """Return its log lines of some kinds."""
        return [line for line in self.log if line["event"] in kinds]


def batch(number: int) -> list[Event]:
    """Return the events of a batch: two operations that end, a third that ends in the next one, a health."""
    at = HOUR - 3000.0 if number == COMPACTED else HOUR + 60.0 * number
    return [
        start(f"{number}-a", at),
        change(f"{number}-a", "completed", at + 1.5),
        start(f"{number}-b", at + 2, "pin", "s3"),
        change(f"{number}-b", "failed", at + 10, error_type="Timeout"),
        BackendHealthChange("ipfs", "degraded" if number % 2 else "online", at + 11),
        start(f"{number}-c", at + 20),
        change(f"{number - 1}-c", "completed", at + 21),
    ]


async def build(path: Path, without: Collection[int] = ()) -> None:
    """Make the store of a daemon that was killed; ``without`` some batches that never came."""
    clock = Clock()
    files = FailingFiles(PLENTY)
    _configuration(path).update({"retention_days": 90})
    with Folder(files, str(path)).locked() as folder:
        intake = Intake(files, folder, clock, Instrumentation(Quiet()))
        intake.set("storage", seal_grace=0)
        await intake.start()
        for number in range(COMPACTED, LAST + 1):
            if number not in without:
                # As for any daemon: no two writes at one instant.
                clock.now += 0.001
                await intake.store(batch(number), number)
            if number < ACTIVE:
                await intake.recorder.rotate()
            if number < CLOSED:
                await intake.upkeep.turn()
        await intake.crash()


async def end_the_day(path: Path) -> None:
    """Have a daemon that finds the store's day over: its hours are compacted, and a file tells the day."""
    clock = Clock()
    clock.now = DAY_AFTER
    files = FailingFiles(PLENTY)
    with Folder(files, str(path)).locked() as folder:
        intake = Intake(files, folder, clock, Instrumentation(Quiet()))
        intake.set("storage", seal_grace=0)
        await intake.start()
        await intake.upkeep.turn()
        await intake.stop()


async def ask(path: Path, now: float = NOW, span: TimeRange = BOTH_HOURS, intervals: Sequence[int] = (60,)) -> Told:
    """Start a daemon on a store, ask it everything, and stop it."""
    with capture_logs() as log:
        async with running(_configuration(path), clock=lambda: now, environment={}) as daemon:
            asked = [MetricsRequest(METRIC_TYPES, Filters(), span, interval, None) for interval in intervals]
            numbers = [told(await daemon.services.query.metrics(each)) for each in asked]
            found = await daemon.services.query.operations(OperationsRequest(Filters(), 0, now, "recent", 1000))
            assert daemon.services.ready() == []
    ended = sorted(each["operation_id"] for each in found if each["end_time"])
    return Told(numbers, tuple(ended), tuple(dict(line) for line in log), tuple(_names(path / "quarantine")))


def _names(folder: Path) -> list[str]:
    """Return what was set aside: files, links, and folders that hold nothing but what a test put in."""
    found = [Path(each, name) for each, folders, files in os.walk(folder) for name in (*folders, *files)]
    leaves = (path for path in found if path.is_symlink() or not path.is_dir() or not list(path.iterdir()))
    return sorted(str(path.relative_to(folder)).removesuffix("/inside") for path in leaves)


def _configuration(path: Path) -> Any:
    flags = {
        "ingest.socket": ("--socket", str(path.parent / "s")),
        "http.listen": ("--http", f"unix:{path.parent / 'h'}"),
        "telemetry.metrics_path": ("--metrics-path", str(path)),
    }
    environ = {"HOME": str(path.parent), "IPFS_KIT_TELEMETRY_HOOKS": "false"}
    return load(flags, environ | {"TELEMETRYD_STORAGE_SEAL_GRACE": "0"})
