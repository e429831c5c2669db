"""Days: once a day is over and its hours are compacted, one file tells it in wider intervals.

The file is made of the rollups of its hours, after these are durable, and names them: where one of
them was replaced since, for an event came late, the hours' own parts answer until it is made anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from telemetryd.model.errors import CorruptFile
from telemetryd.model.timerange import DAY, HOUR
from telemetryd.rollup.carry import joined
from telemetryd.rollup.coarsen import coarsen
from telemetryd.rollup.columns import RollupRows
from telemetryd.rollup.merge import concat

from .catalog import DayParts, HourParts
from .compactor import is_compacted
from .day_file import HALF, DayFile, write_day
from .files import Files
from .folder import DAYS, Folder
from .merging import LostPart
from .part import read_carry, read_rollups
from .part_name import Part


def plan(hours: Mapping[int, HourParts], days: Mapping[int, DayParts], now: float, grace: float) -> list[int]:
    """Return the days (Unix s) that ended at least ``grace`` s ago and whose file does not tell all hours; the newest first.

    A day waits until all of its hours are compacted. One of which hours were removed, for they are old, keeps its file.
    """
    due = (day for day, parts in days.items() if day + DAY + grace <= now and len(parts.told) < parts.hours)
    return sorted((day for day in due if all(map(is_compacted, _hours_of(day, hours).values()))), reverse=True)


def make(files: Files, folder: Folder, day: int, hours: Mapping[int, HourParts]) -> DayFile:
    """Write the file of a day durably and return it; what it replaces is still there.

    Raises :class:`LostPart` where a rollup cannot be read or is gone, OSError.
    """
    rollups = {hour: parts.rollups[0] for hour, parts in _hours_of(day, hours).items()}
    by_hour: list[RollupRows] = []
    by_half: list[RollupRows] = []
    carries, halves = [], set()
    for hour, part in sorted(rollups.items()):
        try:
            rows, carry = read_rollups(files, part), read_carry(files, part)
        except (CorruptFile, FileNotFoundError) as error:
            raise LostPart(part, error) from error
        by_hour.append(coarsen(rows, HOUR))
        if _fit(rows, HALF):
            by_half.append(coarsen(rows, HALF))
            halves.add(hour)
        carries.append(carry)
    told = concat(by_hour)
    tiers = [coarsen(told, DAY), told, *([concat(by_half)] if by_half else [])]
    first, last = min(part.first for part in rollups.values()), max(part.last for part in rollups.values())
    part = Part.named(folder, DAYS, day, "day", first, last)
    files.make_folder(folder.partition(DAYS, day))
    names = {hour: rollup.name for hour, rollup in rollups.items()}
    made = write_day(files, DayFile(part, names, frozenset(halves)), tiers, joined(carries))
    folder.sync_partition(folder.partition(DAYS, day))
    return made


def superseded(found: Sequence[DayFile], hours: Iterable[int]) -> list[DayFile]:
    """Return the files that a crash or a removal left behind: of several of one day all but the last made, and those of no hour."""
    days = {hour // DAY * DAY for hour in hours}
    best: dict[int, DayFile] = {}
    for file in found:
        if file.day in days and _age(file) >= _age(best.get(file.day, file)):
            best[file.day] = file
    return [file for file in found if best.get(file.day) is not file]


def _age(file: DayFile) -> tuple[int, int]:
    return file.part.last, -file.part.first


def _hours_of(day: int, hours: Mapping[int, HourParts]) -> dict[int, HourParts]:
    return {hour: hours[hour] for hour in range(day, day + DAY, HOUR) if hour in hours}


def _fit(rows: RollupRows, width: int) -> bool:
    widths = np.concatenate([rows.operations.width, rows.queue.width, rows.health.width])
    return not (width % np.unique(widths)).any()
