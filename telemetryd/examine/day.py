"""One day's file examined: every byte of it, and whether it counts what the rollups of its hours do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from telemetryd.model.timerange import DAY, HOUR
from telemetryd.rollup.columns import OperationRows, RollupRows
from telemetryd.rollup.merge import select
from telemetryd.storage.catalog import DayParts
from telemetryd.storage.day_file import HALF, WIDTHS, DayFile, read_day
from telemetryd.storage.files import Files
from telemetryd.storage.part_file import UnreadablePart, describe, verify

from .findings import PartsFound
from .hour import Entries, differing, entries_told

_TELLERS = "the rollups of its hours"


def examine_day(files: Files, parts: DayParts, counted: Mapping[int, Entries], found: PartsFound) -> str:
    """Return what is wrong with the file of a day, or nothing; raises FileNotFoundError where it goes away.

    ``counted`` are the entries that the rollups of its hours count; of an hour that is not among them,
    or that the file does not tell any more, nothing is asked.
    """
    file = parts.file
    assert file is not None, "expected a day with a file"
    try:
        verify(files, file.part)
        found.rows += describe(files, file.part).metadata.num_rows
        tiers = {width: read_day(files, file.part, width) for width in WIDTHS}
    except UnreadablePart as error:
        return str(error).removeprefix(f"{file.part.path}: ")
    found.files += 1
    found.bytes += file.part.size
    return next(_wrong(file, parts, tiers, counted), "")


def _wrong(
    file: DayFile, parts: DayParts, tiers: Mapping[int, RollupRows], counted: Mapping[int, Entries]
) -> Iterator[str]:
    for width, rows in tiers.items():
        starts = np.concatenate([rows.operations.start, rows.queue.start, rows.health.start])
        if len(starts) and (starts.min() < file.day or starts.max() >= file.day + DAY or (starts % width).any()):
            yield f"expected intervals of {width} s of its day, found others"
    known = {hour for hour in parts.told if hour in counted}
    for width in (HOUR, HALF):
        operations = tiers[width].operations
        for hour in sorted(each for each in known if file.tells(each, width)):
            mine = _entries(tiers[width], select(operations, operations.start // HOUR * HOUR == hour))
            yield from differing(counted[hour], mine, tellers=_TELLERS)
    if parts.whole and known == set(file.made_of):
        together = sum((counted[hour] for hour in sorted(known)), Entries())
        yield from differing(together, _entries(tiers[DAY], tiers[DAY].operations), tellers=_TELLERS)


def _entries(rows: RollupRows, operations: OperationRows) -> Entries:
    return entries_told(RollupRows(rows.series, rows.backends, operations, rows.queue, rows.health))
