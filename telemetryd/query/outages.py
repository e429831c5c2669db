"""When a backend was not online: outages, read from the samples of its health; for reports and charts alike.

A sample says how long, not when: it holds the mean, the extremes and the last health of its
interval. Where the health changed once inside, that gives the very second; where it changed there
and back, the length is right and the place is somewhere inside; where it had three values, it is
told as though it had been the worst and the best only.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from telemetryd.model.events import DEGRADED, HEALTH_VALUES, OFFLINE, ONLINE
from telemetryd.rollup.columns import Array

_ONLINE, _DEGRADED, _OFFLINE = HEALTH_VALUES[ONLINE], HEALTH_VALUES[DEGRADED], HEALTH_VALUES[OFFLINE]
# Instants closer than this are one, in seconds.
SAME = 1e-3


class Segment(NamedTuple):
    """A time (Unix s) in which a backend's health had one value below that of online."""

    start: float
    end: float
    value: float


@dataclass(frozen=True, slots=True)
class Outage:
    """A time without a break in which a backend was not online, in Unix s, and what it was then, in s."""

    start: float
    end: float
    offline: float
    degraded: float

    @property
    def seconds(self) -> float:
        return self.end - self.start


def segments(begin: Array, end: Array, mean: Array, low: Array, high: Array, last: Array) -> list[Segment]:
    """Return the segments of one backend's samples, which are in order of time; a time of no length is none.

    ``begin`` and ``end`` (Unix s) are what is known of each interval: one that is not over ends now.
    """
    # Of samples that were online throughout, only the one before a change says something: what it began with.
    changed = low < _ONLINE
    told = np.flatnonzero(changed | np.append(changed[1:], False))
    rows = zip(*(column[told].tolist() for column in (begin, end, mean, low, high, last)), strict=True)
    found = [each for row in _split(_Sample(*row) for row in rows) for each in row]
    return [each for each in found if each.value != _ONLINE and each.end > each.start]


def outages(found: Sequence[Segment]) -> list[Outage]:
    """Return the outages that some segments make: those without a break between them are one."""
    runs: list[list[Segment]] = []
    for each in found:
        if runs and each.start - runs[-1][-1].end <= SAME:
            runs[-1].append(each)
        else:
            runs.append([each])
    return [Outage(run[0].start, run[-1].end, *seconds_of(run)) for run in runs]


def seconds_of(found: Sequence[Segment]) -> tuple[float, float]:
    """Return for how many seconds some segments were offline, and degraded."""
    offline, degraded = (
        sum((each.end - each.start for each in found if each.value == value), 0.0) for value in (_OFFLINE, _DEGRADED)
    )
    return offline, degraded


def seconds_within(found: Sequence[Segment], start: Array, end: Array) -> tuple[Array, Array]:
    """Return for how many seconds of each of some times (Unix s) a backend was offline, and degraded."""
    offline, degraded = (_Passed([each for each in found if each.value == value]) for value in (_OFFLINE, _DEGRADED))
    return offline(end) - offline(start), degraded(end) - degraded(start)


class _Sample(NamedTuple):
    begin: float
    end: float
    mean: float
    low: float
    high: float
    last: float


class _Passed:
    """How many seconds of some segments have passed at an instant."""

    def __init__(self, found: Sequence[Segment]) -> None:
        self._edges = np.array([edge for each in found for edge in each[:2]])
        self._passed = np.cumsum(np.diff(self._edges, prepend=self._edges[:1]) * (np.arange(len(self._edges)) % 2))

    def __call__(self, at: Array) -> Array:
        return np.interp(at, self._edges, self._passed) if len(self._edges) else np.zeros(len(at))


def _split(samples: Iterator[_Sample]) -> Iterator[list[Segment]]:
    last, until = math.nan, -math.inf
    for each in samples:
        if each.end > each.begin:
            yield _inside(each, last if abs(each.begin - until) < SAME else math.nan)
        last, until = each.last, each.end


def _inside(sample: _Sample, entering: float) -> list[Segment]:
    begin, end, mean, low, high, last = sample
    if low == high:
        return [Segment(begin, end, low)]
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
    found = []
    for value, seconds in values:
        found.append(Segment(begin, begin + seconds, value))
        begin += seconds
    return found
