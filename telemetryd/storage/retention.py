"""Retention: partitions that are old go, whole."""

from __future__ import annotations

import os
from collections.abc import Mapping

from telemetryd.model.timerange import DAY, HOUR

from .catalog import HourParts
from .files import Files, remove_if_there
from .folder import Folder
from .part_name import KINDS


def plan(view: Mapping[int, HourParts], now: float, retention_days: int) -> list[int]:
    """Return the hours (Unix s) that ended at least ``retention_days`` before ``now``, oldest first."""
    return sorted(hour for hour in view if hour + HOUR <= now - retention_days * DAY)


def remove(files: Files, folder: Folder, hour: int) -> None:
    """Remove the partitions of an hour, and the folder of its date where that was the last of it.

    Events go before rollups, so that after a crash no row stands there that no rollup counts.
    Raises OSError; may be called again.
    """
    for kind in KINDS:
        partition = folder.partition(kind, hour)
        for name in files.names(partition):
            remove_if_there(files, os.path.join(partition, name))
        folder.remove_empty(partition)
