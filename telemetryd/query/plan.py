"""Which sources answer a range: rollups where they fit, events where they do not."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from telemetryd.model.timerange import HOUR, TimeRange
from telemetryd.rollup.columns import Array, RollupRows
from telemetryd.storage.catalog import HourParts


@dataclass(frozen=True, slots=True)
class Plan:
    """Hours with parts: those the range touches, those before it and those after it, each in order."""

    inside: tuple[int, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]


def plan(hours: Mapping[int, HourParts], span: TimeRange) -> Plan:
    """Return how the stored hours lie to the range."""
    inside, before, after = [], [], []
    for hour in sorted(hours):
        if hour + HOUR <= span.start:
            before.append(hour)
        elif hour >= span.end:
            after.append(hour)
        else:
            inside.append(hour)
    return Plan(tuple(inside), tuple(before), tuple(after))


def fits(rows: RollupRows, width: int, span: TimeRange) -> bool:
    """Whether every interval of some rollup rows lies inside one of ``width`` s, and ``span`` cuts none in two."""
    return math.gcd(width, span.start, span.end) % common_width([rows]) == 0


def common_width(sources: Sequence[RollupRows]) -> int:
    """Return the smallest interval (s) that holds whole intervals of all rows, whatever they were sampled at."""
    widths = [rows.width for each in sources for rows in (each.operations, each.queue, each.health)]
    return math.lcm(*np.unique(np.concatenate(widths)).tolist()) if widths else 1


def contested(sources: Sequence[RollupRows], span: TimeRange, width: int) -> Array:
    """Return the starts of intervals of ``width`` s for which more than one source tells of a gauge.

    Each source gives extremes relative to what it knows; only the events of all tell the true ones.
    """
    starts = []
    for each in sources:
        told = np.concatenate([each.queue.start, each.health.start])
        starts.append(np.unique(told[(told >= span.start) & (told < span.end)] // width * width))
    found, count = np.unique(np.concatenate(starts) if starts else np.empty(0, np.int64), return_counts=True)
    return found[count > 1]
