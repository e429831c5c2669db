"""What applying events gives: rows for the head, patches to earlier rows, ended operations."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

from telemetryd.model.events import NO_STATE


class Patch(NamedTuple):
    """A later event told more about the row ``sequence``; None leaves a column as it is."""

    sequence: int
    previous: int | None = None
    operation_type: int | None = None
    backend: int | None = None
    latency: float | None = None


class Ended(NamedTuple):
    """An operation ended (``weight`` 1), or did so differently than was told before (-1)."""

    timestamp: float
    series: int
    status: int
    latency: float
    weight: int


@dataclass(slots=True)
class Rows:
    """Columns of new rows, each a list of one length, as the head takes them.

    ``timestamp`` in µs; codes as in ``EventColumns``; -1 and NaN where a value is absent.
    """

    timestamp: list[int] = field(default_factory=list)
    event: list[int] = field(default_factory=list)
    operation_type: list[int] = field(default_factory=list)
    backend: list[int] = field(default_factory=list)
    status: list[int] = field(default_factory=list)
    previous: list[int] = field(default_factory=list)
    latency: list[float] = field(default_factory=list)
    retry_count: list[int] = field(default_factory=list)
    size: list[int] = field(default_factory=list)
    error_type: list[int] = field(default_factory=list)
    operation_id: list[str | None] = field(default_factory=list)
    patches: list[Patch] = field(default_factory=list)
    ended: list[Ended] = field(default_factory=list)

    @classmethod
    def sized(cls, rows: int) -> Rows:
        """Return columns of ``rows`` rows that tell nothing yet; ``timestamp`` is the caller's."""
        return cls(
            event=[0] * rows,
            operation_type=[0] * rows,
            backend=[0] * rows,
            status=[NO_STATE] * rows,
            previous=[NO_STATE] * rows,
            latency=[math.nan] * rows,
            retry_count=[-1] * rows,
            size=[-1] * rows,
            error_type=[0] * rows,
            operation_id=[None] * rows,
        )

    def __len__(self) -> int:
        return len(self.timestamp)
