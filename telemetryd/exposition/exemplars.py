"""One operation for each series and bucket of latency that had any: the last that was looked at."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from telemetryd.rollup.columns import Array
from telemetryd.storage.head import Head, Tail

from .labels import escaped

LABEL = "operation_id"
# OpenMetrics allows an exemplar so many characters in the names and values of its labels.
LONGEST = 128 - len(LABEL)
# How many are taken at one look, of the slowest operations first: each costs microseconds.
MOST = 128


class Exemplar(NamedTuple):
    """An operation that ended: its id, its latency (s) and when that was (Unix s)."""

    operation_id: str
    latency: float
    timestamp: float

    def __str__(self) -> str:
        """The exemplar as it stands behind the value of its bucket."""
        return f' # {{{LABEL}="{self.operation_id}"}} {self.latency} {self.timestamp:.3f}'


class Exemplars:
    """Exemplars by series and bucket; those that fall into a bucket take the place of the one before."""

    def __init__(self) -> None:
        self._found: dict[tuple[int, int], Exemplar] = {}

    def copy(self) -> dict[tuple[int, int], Exemplar]:
        """Return all of them."""
        return dict(self._found)

    def take(self, head: Head, tail: Tail, rows: Array, first: int, series: Array, bucket: Array) -> None:
        """Look at operations that ended: ``rows`` of ``tail``, which begins at the row ``first`` of ``head``, by series and bucket."""
        if not len(rows):
            return
        width = int(bucket.max()) + 1
        last = np.full((int(series.max()) + 1) * width, -1)
        # Of several the last one stays.
        last[series * width + bucket] = rows
        found = np.flatnonzero(last >= 0)
        slowest = found[np.argsort(-(found % width), kind="stable")][:MOST]
        for cell, row in zip(slowest.tolist(), last[slowest].tolist(), strict=True):
            operation_id = head.operation_id(first + row)
            if operation_id is not None and _can_be_shown(operation_id):
                exemplar = Exemplar(operation_id, float(tail.latency[row]), float(tail.timestamp[row]))
                self._found[divmod(cell, width)] = exemplar


def _can_be_shown(operation_id: str) -> bool:
    # Of what is escaped in exemplars some readers show the escapes, and some refuse the whole scrape.
    return len(operation_id) <= LONGEST and escaped(operation_id) == operation_id
