"""The health of each backend over a range: for how long it was what, and when it was not online."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from telemetryd.model.timerange import TimeRange
from telemetryd.query.grid import grid
from telemetryd.query.outages import SAME, Outage, outages, seconds_of, segments
from telemetryd.query.result import Result


@dataclass(frozen=True, slots=True)
class BackendHealth:
    """One backend's health over a range: for how long (s) it was known and what it was, and when not online.

    ``lasts`` is what it was when the range, or what is known of it, ended: 0 offline, 0.5 degraded, None online
    or unknown.
    """

    backend: str
    online: float
    degraded: float
    offline: float
    stretches: tuple[Outage, ...]
    lasts: float | None

    @property
    def known(self) -> float:
        return self.online + self.degraded + self.offline

    @property
    def lost(self) -> float:
        """Return the seconds that it was not fully there: a degraded one counts half."""
        return self.offline + self.degraded / 2


def healths(result: Result) -> tuple[BackendHealth, ...]:
    """Return the health of each backend that is known in a result, in order of their names."""
    table = result.metrics["backend_health"]
    cells = grid(TimeRange(result.start, result.end), result.interval)
    at = np.searchsorted(cells.start, table.timestamp)
    until = min(float(result.end), result.now)
    begin, end = cells.begin[at], np.minimum(cells.end[at], until)
    columns = (begin, end, *(table.statistics[name] for name in ("mean", "min", "max", "last")))
    found = []
    for code in np.unique(table.series).tolist():
        mine = table.series == code
        known = float(np.maximum(end[mine] - begin[mine], 0).sum())
        down = segments(*(column[mine] for column in columns))
        offline, degraded = seconds_of(down)
        lasts = down[-1].value if down and abs(down[-1].end - until) < SAME else None
        online = max(0.0, known - offline - degraded)
        stretches = tuple(outages(down))
        found.append(BackendHealth(str(table.keys[code]), online, degraded, offline, stretches, lasts))
    return tuple(found)
