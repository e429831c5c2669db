"""What applying events gives: rows for the head, patches to earlier rows, ended operations."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from telemetryd.model.events import NO_STATE

_NAN = array("d", (math.nan,))


class Patch(NamedTuple):
    """A later event told more about the row ``sequence``; None leaves a column as it is."""

    sequence: int
    previous: int | None = None
    series: int | None = None
    latency: float | None = None


@dataclass(slots=True)
class Ends:
    """Columns of operations that ended (``weight`` 1), or did so differently than was told before (-1).

    ``timestamp`` in Unix s, ``series`` a number, ``status`` 3 or 4, ``latency`` in s or NaN.
    """

    timestamp: list[float] = field(default_factory=list)
    series: list[int] = field(default_factory=list)
    status: list[int] = field(default_factory=list)
    latency: list[float] = field(default_factory=list)
    weight: list[int] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.timestamp)

    def add(self, timestamp: float, series: int, status: int, latency: float, weight: int) -> None:
        """Add one end."""
        self.timestamp.append(timestamp)
        self.series.append(series)
        self.status.append(status)
        self.latency.append(latency)
        self.weight.append(weight)


@dataclass(slots=True)
class Rows:
    """Columns of new rows, as the head takes them: one entry a row, or sparse ones by the row's index.

    ``timestamp`` in Unix s; ``series`` is a number, of a row that tells of a backend alone the
    complement (``~``) of the backend's code; other codes as in ``EventColumns``, ``latency`` in s or
    NaN. ``before`` and ``link`` stay with the tracker: timestamp and sequence of the row before this
    one of its operation, where that is a regular one.
    """

    timestamp: list[float]
    operation_id: list[str | None]
    event: bytearray
    series: list[int]
    status: bytearray
    previous: bytearray
    latency: array[float]
    before: list[float]
    link: list[int]
    retry_count: dict[int, int] = field(default_factory=dict)
    size: dict[int, int] = field(default_factory=dict)
    error_type: dict[int, int] = field(default_factory=dict)
    patches: list[Patch] = field(default_factory=list)
    ended: Ends = field(default_factory=Ends)

    @classmethod
    def at(cls, timestamp: list[float], operation_id: Sequence[str | None]) -> Rows:
        """Return rows that tell nothing yet but when, and of which operation."""
        rows = len(timestamp)
        return cls(
            timestamp=timestamp,
            operation_id=list(operation_id),
            event=bytearray(rows),
            series=[0] * rows,
            status=bytearray((NO_STATE,)) * rows,
            previous=bytearray((NO_STATE,)) * rows,
            latency=_NAN * rows,
            before=[-math.inf] * rows,
            link=[0] * rows,
        )

    def __len__(self) -> int:
        return len(self.timestamp)

    def end(self, rows: list[int]) -> None:
        """Enter the operations of some rows among the ended."""
        ends = self.ended
        ends.timestamp += [self.timestamp[row] for row in rows]
        ends.series += [self.series[row] for row in rows]
        ends.status += [self.status[row] for row in rows]
        ends.latency += [self.latency[row] for row in rows]
        ends.weight += [1] * len(rows)
