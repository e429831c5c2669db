"""When a backend was not online: stretches of time, read from the samples of its health.

A sample says how long, not when: it holds the mean, the extremes and the last health of its
interval. Where the health changed once inside, that gives the very second; where it changed there
and back, the length is right and the place is somewhere inside; where it had three values, it is
told as though it had been the worst and the best only.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

import numpy as np

from telemetryd.model.events import DEGRADED, HEALTH_VALUES, OFFLINE, ONLINE
from telemetryd.model.timerange import TimeRange
from telemetryd.query.grid import grid
from telemetryd.query.result import Result

_ONLINE, _DEGRADED, _OFFLINE = HEALTH_VALUES[ONLINE], HEALTH_VALUES[DEGRADED], HEALTH_VALUES[OFFLINE]
_NOT_ONLINE = (_OFFLINE, _DEGRADED)
# Instants closer than this are one, in seconds.
_SAME = 1e-3


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time without a break in which a backend was not online, in Unix s, and what it was then, in s."""

    start: float
    end: float
    offline: float
    degraded: float

    @property
    def seconds(self) -> float:
        return self.end - self.start


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
    stretches: tuple[Stretch, ...]
    lasts: float | None

    @property
    def known(self) -> float:
        return self.online + self.degraded + self.offline


class Segment(NamedTuple):
    """A time (Unix s) in which a backend's health had one value."""

    start: float
    end: float
    value: float


def healths(result: Result) -> tuple[BackendHealth, ...]:
    """Return the health of each backend that is known in a result, in order of their names."""
    table = result.metrics["backend_health"]
    cells = grid(TimeRange(result.start, result.end), result.interval)
    at = np.searchsorted(cells.start, table.timestamp)
    until = min(float(result.end), result.now)
    columns = (
        cells.begin[at],
        np.minimum(cells.end[at], until),
        *(table.statistics[name] for name in ("mean", "min", "max", "last")),
    )
    rows = zip(table.series.tolist(), *(column.tolist() for column in columns), strict=True)
    found = []
    for code, mine in groupby(rows, key=lambda row: row[0]):
        samples = (_Sample(*row[1:]) for row in mine)
        found.append(_health(str(table.keys[code]), list(segments(samples)), until))
    return tuple(found)


class _Sample(NamedTuple):
    begin: float
    end: float
    mean: float
    low: float
    high: float
    last: float


def segments(samples: Iterator[_Sample]) -> Iterator[Segment]:
    """Yield the segments of one backend's samples, which are in order of time."""
    last, until = math.nan, -math.inf
    for each in samples:
        if each.end > each.begin:
            yield from _inside(each, last if abs(each.begin - until) < _SAME else math.nan)
        last, until = each.last, each.end


def _inside(sample: _Sample, entering: float) -> Iterator[Segment]:
    begin, end, mean, low, high, last = sample
    if low == high:
        yield Segment(begin, end, low)
        return
    down = (end - begin) * (high - mean) / (high - low)
    up = end - begin - down
    values: tuple[tuple[float, float], ...]
    if entering == last == high:
        values = ((high, up / 2), (low, down), (high, up / 2))
    elif entering == last == low:
        values = ((low, down / 2), (high, up), (low, down / 2))
    elif last == high or (last != low and entering == low):
        values = ((low, down), (high, up))
    else:
        values = ((high, up), (low, down))
    for value, seconds in values:
        yield Segment(begin, begin + seconds, value)
        begin += seconds


def _health(backend: str, found: list[Segment], until: float) -> BackendHealth:
    online, degraded, offline = (
        sum((each.end - each.start for each in found if each.value == value), 0.0)
        for value in (_ONLINE, _DEGRADED, _OFFLINE)
    )
    stretches = tuple(_stretches(found))
    ended = found[-1] if found and abs(found[-1].end - until) < _SAME else None
    lasts = ended.value if ended is not None and ended.value != _ONLINE else None
    return BackendHealth(backend, online, degraded, offline, stretches, lasts)


def _stretches(found: list[Segment]) -> Iterator[Stretch]:
    run: list[Segment] = []
    for each in found:
        if each.value == _ONLINE or each.end <= each.start:
            continue
        if run and each.start - run[-1].end > _SAME:
            yield _stretch(run)
            run = []
        run.append(each)
    if run:
        yield _stretch(run)


def _stretch(run: list[Segment]) -> Stretch:
    offline, degraded = (
        sum((each.end - each.start for each in run if each.value == value), 0.0) for value in _NOT_ONLINE
    )
    return Stretch(run[0].start, run[-1].end, offline, degraded)
