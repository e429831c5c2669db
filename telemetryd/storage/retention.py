"""Retention: partitions that are old go, whole."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping

from telemetryd.model.timerange import DAY, HOUR

from .catalog import HourParts
from .files import Files, remove_if_there
from .folder import Folder
from .part_name import KINDS

# A clock that gains more than this on the time that passes was stepped, in seconds.
LARGEST_GAIN = 3600.0
# For so long after a step nothing is removed: who set the clock wrong may set it right. In seconds.
SETTLING = 3600.0


class StepWatch:
    """Notices steps of the host's clock ahead: just after one it does not tell how old a partition is."""

    def __init__(self) -> None:
        self.gained = 0.0
        self._offset: float | None = None
        self._settled = -math.inf

    def stepped(self, now: float, passed: float) -> bool:
        """Whether the clock, at ``now`` (Unix s), was stepped since the last look; ``passed`` is monotonic seconds.

        ``gained`` says by how much (s).
        """
        offset, before = now - passed, self._offset
        self._offset = offset
        self.gained = 0.0 if before is None else offset - before
        if self.gained > LARGEST_GAIN:
            self._settled = passed + SETTLING
        return self.gained > LARGEST_GAIN

    def settled(self, passed: float) -> bool:
        """Whether the last step was long enough ago."""
        return passed >= self._settled


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
