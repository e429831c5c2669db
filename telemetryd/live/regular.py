"""Operations as nearly all of them are: started first, then one status after the other.

Of such little has to be known, so they take a fifth of the memory and of the time. What is out of
the ordinary needs an operation's whole timeline: it is unfolded from the rows that are not sealed.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator

from msgspec import Struct

from telemetryd.model.events import COMPLETED, NO_STATE, PENDING, UNPLACED

from .operation import SETTLED, Operation, Step
from .rows import Rows


class Regular(Struct, array_like=True, tag=0, gc=False):
    """An operation that was started first and has entered each status after the one before.

    ``series`` is its series' number, ``started`` and ``since`` are the timestamps of its first and last
    step (Unix s), ``running`` is the status it is in, and ``last`` the sequence of its last row. ``retry_count`` and
    the latency ``told`` (s) are what the WAL said of it.
    """

    series: int
    started: float
    since: float
    last: int
    running: int = PENDING
    retry_count: int = -1
    told: float = math.nan

    @property
    def placed(self) -> int:
        """Its state in the queue."""
        return _place(self.running)


class Unsealed:
    """Of each row that is not sealed: what its operation was before it, as far as a regular one's tells."""

    def __init__(self) -> None:
        self.forget(0)

    def forget(self, sealed: int) -> None:
        """Begin anew: rows up to the sequence ``sealed`` change no more."""
        self._first = sealed + 1
        self._status = bytearray()
        self._previous = bytearray()
        self._before = array("d")
        self._link = array("q")

    def add(self, rows: Rows) -> None:
        """Take the rows of a batch, which follow those that are here."""
        self._status += rows.status
        self._previous += rows.previous
        self._before.fromlist(rows.before)
        self._link.fromlist(rows.link)

    def unfold(self, regular: Regular, rows: Rows) -> Operation:
        """Return the whole of a regular operation; ``rows`` are those of the batch under way, which are not here yet."""
        steps = [*self._steps(regular, rows)][::-1]
        status = regular.running
        operation = Operation(
            regular.series,
            identified=True,
            started=regular.started,
            running=status,
            placed=_place(status),
            since=regular.since,
            steps=steps,
            told=regular.told,
            retry_count=regular.retry_count,
        )
        if status >= COMPLETED:
            operation.end = steps[-1]
            operation.latency = max(0.0, regular.since - regular.started)
        return operation

    def _steps(self, regular: Regular, rows: Rows) -> Iterator[Step]:
        """Yield its steps, the last first; of those that are sealed one."""
        sequence, timestamp, status = regular.last, regular.since, regular.running
        while sequence >= self._first:
            at = sequence - self._first
            if at < len(self._status):
                previous, before, link = self._previous[at], self._before[at], self._link[at]
            else:
                at -= len(self._status)
                previous, before, link = rows.previous[at], rows.before[at], rows.link[at]
            yield Step(timestamp, status, sequence, previous, status, _place(status))
            sequence, timestamp, status = link, before, previous
        if status != NO_STATE:
            yield Step(timestamp, status, SETTLED, UNPLACED, status, _place(status))


def _place(status: int) -> int:
    return status if status < COMPLETED else NO_STATE
