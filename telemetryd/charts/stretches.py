"""A backend's health as stretches of one state each, to be drawn: whole intervals, those in which it changed marked.

How long it was not online :mod:`telemetryd.query.outages` says.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from telemetryd.rollup.columns import Array

# By the lowest value of an interval: what was worst in it.
_WORST = ((0.25, "offline"), (0.75, "degraded"), (np.inf, "online"))


@dataclass(frozen=True, slots=True)
class Stretch:
    """From ``start`` to ``end`` (Unix s) a backend was ``health``.

    ``mixed``: better at times, by intervals in each of which it changed; ``mean`` is its value, 0 to 1.
    """

    health: str
    mixed: bool
    start: float
    end: float
    mean: float

    @property
    def seconds(self) -> float:
        return self.end - self.start

    @property
    def well(self) -> bool:
        return self.health in ("online", "unknown")


def stretches(
    start: Array, end: Array, low: Array, high: Array, mean: Array, *, since: float, until: float
) -> list[Stretch]:
    """Return the stretches of one backend from ``since`` to ``until``, unknown where there is no interval.

    ``start`` and ``end`` (Unix s, ascending) are the known intervals, ``low``, ``high`` and ``mean`` their values.
    """
    if until <= since:
        return []
    if not len(start):
        return [Stretch("unknown", False, since, until, np.nan)]
    start, end = np.clip(start, since, until), np.clip(end, since, until)
    worst = np.searchsorted([bound for bound, _ in _WORST], low, side="left")
    mixed = high - low > 1e-9
    alike = (np.diff(worst) == 0) & (np.diff(mixed.astype(int)) == 0) & (start[1:] <= end[:-1])
    first = np.flatnonzero(np.concatenate([[True], ~alike]))
    last = np.append(first[1:], len(start)) - 1
    found: list[Stretch] = []
    at = since
    for head, tail in zip(first.tolist(), last.tolist(), strict=True):
        if start[head] > at:
            found.append(Stretch("unknown", False, at, float(start[head]), np.nan))
        part = slice(head, tail + 1)
        weights = np.maximum(end[part] - start[part], 1e-9)
        value = float(np.average(mean[part], weights=weights))
        at = float(end[tail])
        found.append(Stretch(_WORST[worst[head]][1], bool(mixed[head]), float(start[head]), at, value))
    if until > at:
        found.append(Stretch("unknown", False, at, until, np.nan))
    return [stretch for stretch in found if stretch.seconds > 0]
