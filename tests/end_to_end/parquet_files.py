"""The daemon's Parquet files, read without the daemon."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq

from .daemon import Daemon

# Settings under which everything is sealed and compacted as soon as may be.
QUICK = {
    "TELEMETRYD_STORAGE_HEAD_AGE": 1,
    "TELEMETRYD_STORAGE_LATE_QUIET": 0,
    "TELEMETRYD_STORAGE_SEAL_GRACE": 0,
}


def partition(at: float) -> str:
    """Return the Hive path of the hour that holds ``at`` (Unix s)."""
    return datetime.fromtimestamp(at, UTC).strftime("date=%Y-%m-%d/hour=%H")


def rows_in(paths: list[Path]) -> int:
    """Return how many rows some files hold together."""
    return sum(pq.read_metadata(path).num_rows for path in paths)


def stored_rows(daemon: Daemon) -> int:
    """Return how many events all partitions hold; -1 where files were replaced while they were counted."""
    try:
        return sum(rows_in(paths) for paths in daemon.partitions().values())
    except FileNotFoundError:
        return -1


def compacted_hours(daemon: Daemon, kind: str = "events") -> list[str]:
    """Return the Hive paths of the hours that are exactly one file, made of all their parts."""
    files = daemon.partitions(kind).items()
    return [hour for hour, paths in files if len(paths) == 1 and paths[0].name.startswith(("hour-", "kept-"))]


def holds(daemon: Daemon, rows: int) -> bool:
    """Whether all partitions together hold so many events."""
    return stored_rows(daemon) == rows


def is_compact(daemon: Daemon, kind: str) -> bool:
    """Whether there are hours, and every one of them is compacted."""
    partitions = daemon.partitions(kind)
    return bool(partitions) and len(compacted_hours(daemon, kind)) == len(partitions)
