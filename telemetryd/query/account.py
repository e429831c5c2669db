"""What a query looked at, for those who ask it to explain itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from telemetryd.model.timerange import DAY, HOUR
from telemetryd.rollup.columns import RollupRows

from .plan import FromDay


@dataclass(slots=True)
class Account:
    """Counts of one reading: ``days`` that one row a series told, ``hours`` by the width of their rows.

    ``files_read`` are those that were opened for it, ``files_remembered`` those whose rows were in memory.
    """

    days: int = 0
    hours: int = 0
    half_hours: int = 0
    hours_as_sampled: int = 0
    hours_from_events: int = 0
    rows_in_memory: int = 0
    files_read: int = 0
    files_remembered: int = 0
    rollup_rows: int = 0
    histogram_cells: int = 0

    def note_day(self, read: FromDay, *, known: bool) -> None:
        """A day's file is read, in one of its widths."""
        if read.width == DAY:
            self.days += 1
        elif read.width == HOUR:
            self.hours += len(read.hours)
        else:
            self.half_hours += 2 * len(read.hours)
        self._note_files([known])

    def note_hour(self, width: int, known: Sequence[bool]) -> None:
        """The rollups of an hour are read, seen in a width (s); 0 for as they are."""
        if width == HOUR:
            self.hours += 1
        elif width == HOUR // 2:
            self.half_hours += 2
        else:
            self.hours_as_sampled += 1
        self._note_files(known)

    def note_events(self, files: int) -> None:
        """The rollups of an hour do not fit: its events are read."""
        self.hours_from_events += 1
        self.files_read += files

    def note_rows(self, rows: RollupRows, detailed: RollupRows) -> None:
        """What was read is put together."""
        self.rollup_rows += max(len(rows.operations) + len(rows.queue) + len(rows.health), len(detailed.operations))
        self.histogram_cells += len(detailed.operations.bucket)

    def as_data(self) -> dict[str, int]:
        """Return the counts as plain values."""
        return asdict(self)

    def _note_files(self, known: Sequence[bool]) -> None:
        self.files_remembered += sum(known)
        self.files_read += len(known) - sum(known)
