"""A day's file: what the rollups of its hours add up to, in wider intervals, a row group or more for each width.

It is made of compacted rollups and says of which: an hour whose rollup is another one by now is not
told by it any more, whatever else it holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import msgspec
import pyarrow.parquet as pq

from telemetryd.model.timerange import DAY, HOUR
from telemetryd.rollup.carry import Carry
from telemetryd.rollup.columns import RollupRows

from . import rollup_schema
from .files import Files
from .part import CARRY_KEY, ROW_GROUP, options
from .part_file import Output, UnreadablePart, describe, opened
from .part_name import Part

HALF = HOUR // 2
# The widest first: most queries read no more than that.
WIDTHS = (DAY, HOUR, HALF)

# Which rollups it is made of, in its footer.
HOURS_KEY = "telemetryd.hours"


@dataclass(frozen=True, slots=True)
class DayFile:
    """One file and what its footer says: ``made_of`` names the rollup of each hour (Unix s) that it tells.

    ``halves`` are the hours that are told by the half as well: those whose own intervals fit into one.
    """

    part: Part
    made_of: Mapping[int, str] = field(hash=False)
    halves: frozenset[int] = frozenset()

    @property
    def day(self) -> int:
        return self.part.hour

    def tells(self, hour: int, width: int) -> bool:
        """Whether there are rows of a width (s) for an hour, as its rollup was then."""
        return hour in (self.halves if width == HALF else self.made_of)


class _Encoded(msgspec.Struct, frozen=True):
    hours: dict[int, str]
    halves: list[int]


def write_day(files: Files, day: DayFile, tiers: Iterable[RollupRows], carry: Carry) -> DayFile:
    """Write the rows of each width in turn, and what all of them carry on; return it with its size. Raises OSError."""
    path = day.part.path
    output = Output(files, path)
    hours = _Encoded(
        {_number(hour): name for hour, name in day.made_of.items()}, sorted(_number(hour) for hour in day.halves)
    )
    try:
        with pq.ParquetWriter(
            output.stream, rollup_schema.ROLLUPS_SCHEMA, **options(rollup_schema.FEW_VALUED)
        ) as writer:
            for rows in tiers:
                writer.write_table(rollup_schema.table_of(rows), row_group_size=ROW_GROUP)
            size = output.finish(writer, {CARRY_KEY: carry.encode(), HOURS_KEY: msgspec.json.encode(hours)})
    except BaseException:
        output.abandon()
        raise
    return replace(day, part=replace(day.part, size=size))


def read_day(files: Files, part: Part, width: int) -> RollupRows:
    """Return the rows of one width (s); raises UnreadablePart, and FileNotFoundError where the file was removed."""
    with opened(files, part, rollup_schema.FEW_VALUED) as file:
        column = rollup_schema.ROLLUPS_SCHEMA.get_field_index("interval")
        chosen = []
        for index in range(file.metadata.num_row_groups):
            group = file.metadata.row_group(index)
            if group.num_rows and group.column(column).statistics.min == width:
                chosen.append(index)
        table = file.read_row_groups(chosen, use_threads=False) if chosen else file.schema_arrow.empty_table()
        return rollup_schema.rows_of(table)


def describe_day(files: Files, part: Part) -> DayFile:
    """Return what a day's footer says, verified; raises UnreadablePart, OSError."""
    words = describe(files, part).words
    try:
        told = msgspec.json.decode(words[HOURS_KEY.encode()], type=_Encoded)
    except (KeyError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnreadablePart(part, f"expected it to name the rollups that it is made of: {error!r}") from None
    made_of = {part.hour + number * HOUR: name for number, name in told.hours.items()}
    return DayFile(part, made_of, frozenset(part.hour + number * HOUR for number in told.halves))


def _number(hour: int) -> int:
    return hour % DAY // HOUR
