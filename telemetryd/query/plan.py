"""Which sources answer a range: rollups where they fit, events where they do not."""

from __future__ import annotations

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


def fits(rows: RollupRows, width: int) -> bool:
    """Whether every interval of some rollup rows lies inside one interval of ``width`` s."""
    widths = np.concatenate([rows.operations.width, rows.queue.width, rows.health.width])
    return not len(widths) or bool(np.all(width % np.unique(widths) == 0))


def contested(sources: Sequence[RollupRows], span: TimeRange) -> Array:
    """Return the starts of intervals for which more than one source tells of a gauge.

    Each source gives extremes relative to what it knows; only the events of all tell the true ones.
    """
    starts = [np.unique(np.concatenate([each.queue.start, each.health.start])) for each in sources]
    found, count = np.unique(np.concatenate(starts) if starts else np.empty(0, np.int64), return_counts=True)
    shared = found[count > 1]
    return shared[(shared >= span.start) & (shared < span.end)]
