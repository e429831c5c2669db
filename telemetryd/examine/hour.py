"""One hour examined: every byte of its parts, the order of their rows, and whether its rollups agree with its events."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator

import numpy as np

from telemetryd.model.events import STATES
from telemetryd.model.timerange import HOUR
from telemetryd.rollup.columns import EventColumns, RollupRows
from telemetryd.rollup.moves import is_entry
from telemetryd.storage.catalog import HourParts
from telemetryd.storage.files import Files
from telemetryd.storage.part import read_carry, read_rollups, scan_events
from telemetryd.storage.part_file import UnreadablePart, describe, verify
from telemetryd.storage.part_name import Part

from .findings import PartsFound

# The columns that tell order and entries.
_LOOKED_AT = ("timestamp", "event", "operation_type", "backend", "status", "previous", "sequence")
_US = 1_000_000
# Entries by operation type, backend and status.
Entries = Counter[tuple[str, str, str]]


class HourExamined:
    """What is wrong with an hour: ``bad`` parts by the reason, ``missing``, where rollups lack, and ``doubtful``.

    Rollups that disagree with events are ``bad`` where these tell everything, and ``doubtful``, the
    sentence, where other rows were dropped. ``counted`` are the entries that its rollups count. Raises FileNotFoundError where a part goes away under it.
    """

    def __init__(self, files: Files, hour: int, parts: HourParts, found: dict[str, PartsFound]) -> None:
        self.bad: dict[Part, str] = {}
        self.missing = ""
        self.doubtful = ""
        self.counted = Entries()
        self._files = files
        self._hour = hour
        self._parts = parts
        self._examine(found)

    def _examine(self, found: dict[str, PartsFound]) -> None:
        of_events, of_rollups = Entries(), Entries()
        for part in self._parts.events:
            of_events += self._whole(part, found)
        for part in self._parts.rollups:
            of_rollups += self._whole(part, found)
        self.counted = of_rollups
        events = [part for part in self._parts.events if part not in self.bad]
        rollups = [part for part in self._parts.rollups if part not in self.bad]
        whole = HourParts(tuple(events), tuple(rollups))
        unspoken = [part for part in events if not any(rollup.meets(part) for rollup in rollups)]
        if unspoken:
            more = f" and {len(unspoken) - 1} more" if len(unspoken) > 1 else ""
            self.missing = f"expected a rollup for the rows of {os.path.basename(unspoken[0].path)}{more}, found none"
        elif rollups and (sentence := _disagreement(of_events, of_rollups, exactly=whole.detailed)):
            if whole.detailed:
                self.bad |= dict.fromkeys(rollups, sentence)
            else:
                self.doubtful = sentence

    def _whole(self, part: Part, found: dict[str, PartsFound]) -> Entries:
        tally = found.setdefault(part.kind, PartsFound())
        try:
            checked = verify(self._files, part)
            rows = describe(self._files, part).metadata.num_rows
            told = self._events(part) if part.kind == "events" else self._rollups(part)
        except UnreadablePart as error:
            self.bad[part] = str(error).removeprefix(f"{part.path}: ")
            return Entries()
        tally.files += 1
        tally.bytes += part.size
        tally.rows += rows
        tally.unchecked += not checked
        return told

    def _events(self, part: Part) -> Entries:
        """Return the entries of an events part; raises UnreadablePart where its rows are not what its name tells."""
        entries, rows = Entries(), 0
        last = (self._hour * _US, -1)
        for piece in scan_events(self._files, part, _LOOKED_AT):
            rows += len(piece)
            if sentence := _misplaced(piece, part, self._hour, last):
                raise UnreadablePart(part, sentence)
            last = (int(piece.timestamp[-1]), int(piece.sequence[-1]))
            entries += _entries_of(piece)
        if rows > part.last - part.first + 1:
            raise UnreadablePart(part, f"expected at most {part.last - part.first + 1} rows by its name, found {rows}")
        return entries

    def _rollups(self, part: Part) -> Entries:
        """Return the entries that a rollup counts; raises UnreadablePart where they are of another hour."""
        rows = read_rollups(self._files, part)
        read_carry(self._files, part)
        starts = np.concatenate([rows.operations.start, rows.queue.start, rows.health.start])
        if len(starts) and not (self._hour <= starts.min() and starts.max() < self._hour + HOUR):
            raise UnreadablePart(part, "expected intervals of its hour, found others")
        return entries_told(rows)


def _misplaced(piece: EventColumns, part: Part, hour: int, last: tuple[int, int]) -> str:
    timestamp, sequence = piece.timestamp, piece.sequence
    if timestamp.min() < hour * _US or timestamp.max() >= (hour + HOUR) * _US:
        return "expected timestamps of its hour, found others"
    if sequence.min() < part.first or sequence.max() > part.last:
        return "expected sequences of its name's range, found others"
    later = (timestamp[1:] > timestamp[:-1]) | ((timestamp[1:] == timestamp[:-1]) & (sequence[1:] > sequence[:-1]))
    if not later.all() or (int(timestamp[0]), int(sequence[0])) <= last:
        return "expected rows by timestamp, then sequence, found them in another order"
    return ""


def _entries_of(piece: EventColumns) -> Entries:
    chosen = piece.take(is_entry(piece))
    width = len(chosen.backends)
    codes = (chosen.operation_type.astype(np.int64) * width + chosen.backend) * len(STATES) + chosen.status
    entries = Entries()
    for code, count in zip(*(each.tolist() for each in np.unique(codes, return_counts=True)), strict=True):
        series, status = divmod(code, len(STATES))
        operation_type, backend = divmod(series, width)
        entries[piece.operation_types[operation_type], piece.backends[backend], STATES[status]] += count
    return entries


def entries_told(rows: RollupRows) -> Entries:
    """Return the entries that rollup rows count."""
    entries = Entries()
    operations = rows.operations
    columns = (operations.series.tolist(), operations.status.tolist(), operations.entries.tolist())
    for series, status, count in zip(*columns, strict=True):
        if count:
            entries[(*rows.series[series], STATES[status])] += count
    return entries


def _disagreement(events: Entries, rollups: Entries, *, exactly: bool) -> str:
    """Return a sentence where rollups do not count what the events tell (or, not ``exactly``, count less)."""
    return next(differing(events, rollups, exactly=exactly), "")


def differing(events: Entries, rollups: Entries, *, exactly: bool = True, tellers: str = "the events") -> Iterator[str]:
    """Yield a sentence for each of the entries that are not counted as they were told, or (not ``exactly``) are counted less."""
    for key in sorted(events.keys() | rollups.keys()):
        told, counted = events[key], rollups[key]
        if counted < told or (exactly and counted != told):
            least = "" if exactly else "at least "
            yield (
                f"expected it to count {least}{told} entries of {':'.join(key[:2])} into {key[2]}, "
                f"as {tellers} tell, found {counted}"
            )
