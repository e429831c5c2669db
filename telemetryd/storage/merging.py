"""Rows of several parts as one stream in order, whatever their number: a merge with bounded memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from telemetryd.model.errors import CorruptFile
from telemetryd.rollup.columns import EventColumns

from .files import Files
from .part import ROW_GROUP, scan_events
from .part_name import Part
from .rows import between, concat_events, in_order


class LostPart(CorruptFile):
    """A source of a merge cannot be read; ``part`` says which."""

    def __init__(self, part: Part, error: CorruptFile) -> None:
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


def _pieces(sources: Iterable[_Source]) -> Iterator[EventColumns]:
    sources = list(sources)
    while True:
        for source in sources:
            if not source.rows:
                source.fill()
        open_sources = [source for source in sources if not source.exhausted]
        # What is still unread of an open source comes at or after its last row in memory.
        frontier = min((source.newest for source in open_sources), default=None)
        taken = [rows for source in sources if source.rows for rows in source.take_before(frontier)]
        if taken:
            yield in_order(concat_events(taken))
        elif open_sources:
            min(open_sources, key=lambda source: source.newest).fill()
        else:
            return


class _Source:
    """One part, read piece by piece."""

    def __init__(self, files: Files, part: Part) -> None:
        self.exhausted = False
        self._part = part
        self._pieces = scan_events(files, part)
        self._rows: list[EventColumns] = []

    @property
    def rows(self) -> int:
        return sum(len(each) for each in self._rows)

    @property
    def newest(self) -> int:
        return int(self._rows[-1].timestamp[-1])

    def fill(self) -> None:
        """Read one more piece, or find that there is none."""
        try:
            piece = next(self._pieces, None)
        except CorruptFile as error:
            raise LostPart(self._part, error) from error
        if piece is None:
            self.exhausted = True
        else:
            self._rows.append(piece)

    def take_before(self, frontier: int | None) -> Iterator[EventColumns]:
        """Take the rows with a timestamp before ``frontier`` (µs; None: all) out of memory, if there are any."""
        rows = concat_events(self._rows)
        cut = len(rows) if frontier is None else int(rows.timestamp.searchsorted(frontier, "left"))
        self._rows = [between(rows, cut, len(rows))] if cut < len(rows) else []
        if cut:
            yield between(rows, 0, cut)
