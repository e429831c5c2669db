"""Names of parts, which tell all that the catalog needs to know of sealed files.

``<level>-<first>-<last>.parquet`` in the folder of its kind and hour: the rows of that UTC
hour (a ``day``: of all hours of that UTC day) among the sequences ``first`` to ``last``.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from .folder import DAYS, EVENTS, ROLLUPS, Folder

Kind = Literal["events", "rollups", "days"]
# part: sealed, once. brief: likewise, its rows are dropped at compaction. hour: compacted, holds
# every row of its range. kept: compacted, rows were dropped or lost. day: made of a day's rollups.
Level = Literal["part", "brief", "hour", "kept", "day"]
# What an hour's partitions hold; days are made of it.
KINDS: tuple[Kind, Kind] = (EVENTS, ROLLUPS)
# The levels that a file of each kind may have.
_LEVELS: dict[str, tuple[str, ...]] = {
    EVENTS: ("part", "brief", "hour", "kept"),
    ROLLUPS: ("part", "hour"),
    DAYS: ("day",),
}
COMPACTED = ("hour", "kept")

_PARTITION = re.compile(r"date=([0-9]{4})-([0-9]{2})-([0-9]{2})/hour=([0-9]{2})")
_NAME = re.compile(r"(part|brief|hour|kept|day)-(\d{20})-(\d{20})\.parquet")


@dataclass(frozen=True, slots=True)
class Part:
    """One sealed file: ``hour`` (of a day its first one) in Unix seconds, ``first`` to ``last`` both included, ``size`` in bytes."""

    path: str
    kind: Kind
    hour: int
    level: Level
    first: int
    last: int
    size: int = field(default=0, compare=False)

    @classmethod
    def named(cls, folder: Folder, kind: Kind, hour: int, level: Level, first: int, last: int) -> Part:
        """Return the part that these facts name; there may be no such file yet."""
        name = f"{level}-{first:020d}-{last:020d}.parquet"
        return cls(os.path.join(folder.partition(kind, hour), name), kind, hour, level, first, last)

    @classmethod
    def parse(cls, path: str, kind: Kind, hour: int, size: int = 0) -> Part | None:
        """Return the part that a path's last component names, or None where it names none."""
        match = _NAME.fullmatch(os.path.basename(path))
        if match is None or int(match[2]) > int(match[3]) or match[1] not in _LEVELS[kind]:
            return None
        level: Level = match[1]  # type: ignore[assignment]
        return cls(path, kind, hour, level, int(match[2]), int(match[3]), size)

    @property
    def name(self) -> str:
        return os.path.basename(self.path)

    @property
    def compacted(self) -> bool:
        return self.level in COMPACTED

    def spans(self, other: Part) -> bool:
        """Whether the other's sequences are all within this one's."""
        return self.first <= other.first and other.last <= self.last

    def meets(self, other: Part) -> bool:
        """Whether some sequences may be in both."""
        return self.first <= other.last and other.first <= self.last

    def covers(self, other: Part) -> bool:
        """Whether the other is a leftover of the compaction that made this one."""
        if not self.compacted or self.hour != other.hour or not self.spans(other):
            return False
        if self.kind != other.kind:
            return self.kind == ROLLUPS and other.level == "brief"
        return not other.compacted or (self.first, self.last) != (other.first, other.last)


def place_of(path: str) -> str:
    """Return where in a metrics folder a part lies: its kind, date, hour (a day has none) and name, which its footer repeats."""
    folders = os.path.abspath(path).split(os.sep)
    return "/".join(folders[-3:] if folders[-3:-2] == [DAYS] else folders[-4:])


def parse_date(date: str) -> int | None:
    """Return the start (Unix s) of the day that ``date=YYYY-MM-DD`` names, or None where it names none."""
    return parse_hour(date, "hour=00")


def parse_hour(date: str, hour: str) -> int | None:
    """Return the hour (Unix s) of ``date=YYYY-MM-DD`` and ``hour=HH``, or None where they name none."""
    match = _PARTITION.fullmatch(f"{date}/{hour}")
    if match is None:
        return None
    year, month, day, of_day = map(int, match.groups())
    try:
        return int(datetime(year, month, day, of_day, tzinfo=UTC).timestamp())
    except ValueError:
        return None
