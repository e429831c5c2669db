"""The rollup of an hour, gathered from chunks of rows or from rollups, with bounded memory."""

from __future__ import annotations

from collections.abc import Sequence

from telemetryd.model.events import BACKEND_HEALTH_CHANGE
from telemetryd.rollup.build import build
from telemetryd.rollup.carry import Carry, carry_of, joined
from telemetryd.rollup.columns import EventColumns, RollupRows
from telemetryd.rollup.merge import merge

from .rows import concat_events

# Rollup rows that may gather before they are merged: memory follows the result, not the sources.
GATHERED_ROWS = 250_000


class Summary:
    """Rollup rows in samples of ``interval`` s, and what they carry on.

    Chunks of rows come in order of time, no instant in two of them; rollups in order of their
    sequences. Chunks that follow one another give exactly what building from all rows at once does.
    """

    def __init__(self, interval: int, gathered_rows: int = GATHERED_ROWS) -> None:
        self._interval = interval
        self._gathered_rows = gathered_rows
        self._gathered: list[RollupRows] = []
        self._carries: list[Carry] = []
        self._limit = gathered_rows
        # Health rows of the interval that is not over yet: changes are rare, and rollups of parts
        # of one interval do not tell its health exactly.
        self._health: list[EventColumns] = []

    def add_rows(self, rows: EventColumns) -> None:
        """Add the rows that follow those added before."""
        if not len(rows):
            return
        of_health = rows.event == BACKEND_HEALTH_CHANGE
        self._gather(build(rows.take(~of_health), self._interval))
        self._carries.append(carry_of(rows))
        if of_health.any():
            self._health.append(rows.take(of_health))
        interval = self._interval * 1_000_000
        self._build_health(before=int(rows.timestamp[-1]) // interval * interval)

    def add(self, rows: RollupRows, carry: Carry) -> None:
        """Add what a rollup part says."""
        self._gather(rows)
        self._carries.append(carry)

    def rows(self) -> RollupRows:
        """Return the rollup rows of all that was added."""
        self._build_health(before=None)
        return self._gathered[0] if len(self._gathered) == 1 else merge(self._gathered)

    def carry(self) -> Carry:
        """Return what all that was added carries on to later hours."""
        return joined(self._carries)

    def _gather(self, rows: RollupRows) -> None:
        self._gathered.append(rows)
        if _size(self._gathered) > self._limit:
            self._gathered = [merge(self._gathered)]
            self._limit = 2 * _size(self._gathered) + self._gathered_rows

    def _build_health(self, before: int | None) -> None:
        """Build what is known whole: health rows with a timestamp ``before`` (µs; None: all of them)."""
        if not self._health or (before is not None and self._health[0].timestamp[0] >= before):
            return
        waiting = concat_events(self._health)
        whole = waiting.timestamp < (waiting.timestamp[-1] + 1 if before is None else before)
        self._gather(build(waiting.take(whole), self._interval))
        self._health = [] if whole.all() else [waiting.take(~whole)]


def _size(gathered: Sequence[RollupRows]) -> int:
    return sum(len(rows.operations) + len(rows.queue) + len(rows.health) for rows in gathered)
