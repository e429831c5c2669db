"""Rows of several parts as one stream in order, whatever their number: a merge with bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from telemetryd.model.errors import CorruptFile
from telemetryd.rollup.columns import EventColumns, in_order

from .files import Files
from .part import ROW_GROUP, oldest_timestamp, scan_events
from .part_name import Part
from .rows import between, concat_events


class LostPart(CorruptFile):
    """A source of a merge cannot be read, or is gone; ``part`` says which."""

    def __init__(self, part: Part, error: CorruptFile | FileNotFoundError) -> None:
        super().__init__(str(error))
        self.part = part


def merged_rows(files: Files, parts: Sequence[Part]) -> Iterator[EventColumns]:
    """Yield the rows of all parts by timestamp, then sequence, in chunks of about a row group.

    Rows of one timestamp are never in two chunks. Raises :class:`LostPart`, OSError.
    """
    gathered: list[EventColumns] = []
    rows = 0
    for piece in _pieces([_Source(files, part) for part in parts]):
        gathered.append(piece)
        rows += len(piece)
        if rows >= ROW_GROUP:
            yield concat_events(gathered)
            gathered, rows = [], 0
    if gathered:
        yield concat_events(gathered)


def _pieces(sources: Sequence[_Source]) -> Iterator[EventColumns]:
    while True:
        unread = [source for source in sources if not source.exhausted]
        frontier = min((source.bound for source in unread), default=None)
        taken = [rows for source in sources if source.rows for rows in source.take_before(frontier)]
        if taken:
            yield in_order(concat_events(taken))
        elif unread:
            # Only the part that holds the others up is read on: parts that begin later stay closed.
            min(unread, key=lambda source: source.bound).fill()
        else:
            return


class _Source:
    """One part, read piece by piece; what is still unread comes at or after ``bound`` (µs)."""

    def __init__(self, files: Files, part: Part) -> None:
        self.exhausted = False
        self._part = part
        self._pieces = scan_events(files, part)
        self._rows: list[EventColumns] = []
        try:
            self.bound = oldest_timestamp(files, part)
        except (CorruptFile, FileNotFoundError) as error:
            raise LostPart(part, error) from error

    @property
    def rows(self) -> int:
        return sum(len(each) for each in self._rows)

    def fill(self) -> None:
        """Read one more piece, or find that there is none."""
        try:
            piece = next(self._pieces, None)
        except (CorruptFile, FileNotFoundError) as error:
            raise LostPart(self._part, error) from error
        if piece is None:
            self.exhausted = True
        else:
            self._rows.append(piece)
            self.bound = int(piece.timestamp[-1])

    def take_before(self, frontier: int | None) -> Iterator[EventColumns]:
        """Take the rows with a timestamp before ``frontier`` (µs; None: all) out of memory, if there are any."""
        rows = concat_events(self._rows)
        cut = len(rows) if frontier is None else int(rows.timestamp.searchsorted(frontier, "left"))
        self._rows = [between(rows, cut, len(rows))] if cut < len(rows) else []
        if cut:
            yield between(rows, 0, cut)
