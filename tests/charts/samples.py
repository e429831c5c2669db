"""Drawings of made-up samples, seeded: a day of a busy node, one series, forty of them, a day with holes, nothing.

They look like the real thing: waves of load, a backend in trouble, a tail of slow operations. The
same arguments always give the same drawing.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np

from telemetryd.charts.drawing import Drawing, Look
from telemetryd.model.timerange import DAY, HOUR, TimeRange
from telemetryd.query.grid import Grid, grid
from telemetryd.rollup.columns import Array

# Tue 24 Nov 2026, 12:00 UTC.
NOON = 1_795_521_600
KINDS = ("much", "one", "forty", "gaps", "none")
BACKENDS = {"ipfs": 0.25, "s3": 0.12, "storacha": 0.6, "filecoin": 4.0, "local": 0.004}
OPERATIONS = {
    "add": 1.5, "get": 1.0, "pin": 2.0, "unpin": 0.5, "rm": 0.5, "cat": 0.8, "list": 0.4,
    "mkdir": 0.3, "copy": 1.2, "move": 0.6, "upload": 3.0, "download": 2.5, "custom": 1.0,
}  # fmt: skip
BUSY = (
    ("add", "ipfs"), ("cat", "ipfs"), ("get", "ipfs"), ("pin", "ipfs"), ("get", "s3"), ("upload", "s3"),
    ("list", "local"), ("get", "local"), ("upload", "storacha"), ("pin", "storacha"), ("copy", "filecoin"),
    ("pin", "filecoin"),
)  # fmt: skip
# The backend in trouble: from which minute of each third hour on it is how healthy.
TROUBLED = "storacha"
TROUBLE = ((0, 1.0), (70, 0.5), (84, 0.0), (97, 0.5), (111, 1.0))

GAUGES = ("backend_health", "queue_size")


def drawing(metric_type: str, kind: str = "much", **overrides: Any) -> Drawing:
    """Return a drawing of one of ``KINDS``; ``overrides`` are fields of it, and are drawn as they say.

    ``keys`` are the series to make up; ``start``, ``end``, ``interval`` and ``now`` decide over the samples.
    """
    span: dict[str, Any] = {"start": NOON - DAY, "end": NOON, "interval": 60, "now": NOON + 20.0}
    if kind == "one":
        span |= {"start": NOON - HOUR, "now": NOON - 100.0}
    fields = span | {"operation_type": None, "backend": None, "status": None, "look": Look()} | overrides
    keys = fields.pop("keys", _keys(metric_type, kind))
    cells = grid(TimeRange(fields["start"], fields["end"]), fields["interval"])
    series, cell, statistics = _samples(metric_type, kind, keys, cells, fields)
    defaults: dict[str, Any] = {"zone": "CET", "utc_offset": 3600}
    return Drawing(
        metric_type=metric_type,
        keys=tuple(keys),
        series=series.astype(np.int32).tobytes(),
        timestamp=cells.start[cell].astype(np.int64).tobytes(),
        statistics={name: column.astype(np.float64).tobytes() for name, column in statistics.items()},
        **(defaults | fields),
    )


def _keys(metric_type: str, kind: str) -> Sequence[tuple[str, ...]]:
    if kind == "none":
        return ()
    if metric_type == "backend_health":
        backends = {"one": ["ipfs"], "forty": [*BACKENDS, *(f"cluster-{n:02}" for n in range(35))]}
        return [(name,) for name in backends.get(kind, list(BACKENDS))]
    if kind == "one":
        return [("pin", "ipfs")]
    if kind == "forty":
        return list(product(OPERATIONS, BACKENDS))[:40]
    return BUSY if kind == "much" else BUSY[::2]


def _samples(
    metric_type: str, kind: str, keys: Sequence[tuple[str, ...]], cells: Grid, fields: dict[str, Any]
) -> tuple[Array, Array, dict[str, Array]]:
    columns = [_series(metric_type, key, cells, fields) for key in keys] or [_nothing(metric_type, fields)]
    kept = [_kept(kind, metric_type, number, each, cells, fields) for number, each in enumerate(columns)]
    series = np.repeat(np.arange(len(kept)), [len(each) for each in kept])
    statistics = {
        name: np.concatenate([each[name][cell] for each, cell in zip(columns, kept, strict=True)])
        for name in columns[0]
    }
    return series, np.concatenate(kept), statistics


def _kept(
    kind: str, metric_type: str, number: int, columns: dict[str, Array], cells: Grid, fields: dict[str, Any]
) -> Array:
    """Return the cells that have a sample: where something happened, and something is known."""
    first = next(iter(columns.values()))
    if not len(first) or not len(cells):
        return np.empty(0, np.int64)
    known = cells.start < fields["now"]
    if metric_type not in GAUGES:
        known &= columns.get("count", first) > 0
        if metric_type == "operation_count":
            known |= (cells.start < fields["now"]) & (np.sum(list(columns.values()), axis=0) > 0)
    if kind == "gaps":
        # The daemon was down for a while, and now and then for a minute or two.
        part = (cells.start - fields["start"]) / max(1, fields["end"] - fields["start"])
        known &= ~((part > 0.31) & (part < 0.40)) & ~((part > 0.7) & (part < 0.71))
        if number % 3 == 2 and metric_type != "queue_size":
            known &= (part * 40).astype(int) % 5 != 0
    return np.flatnonzero(known)


def _series(metric_type: str, key: tuple[str, ...], cells: Grid, fields: dict[str, Any]) -> dict[str, Array]:
    """Return every statistic of a metric for all cells of one series."""
    seed = np.random.default_rng(zlib.crc32("/".join(key).encode()))
    minutes = (cells.end - cells.begin) / 60
    operation, backend = key if len(key) == 2 else ("", key[0])
    health = _health(backend, cells)
    if metric_type == "backend_health":
        return {"mean": health[0], "min": health[1], "max": health[2], "last": health[2]}
    usual = BACKENDS.get(backend, 0.3) * OPERATIONS.get(operation, 1.0)
    wave = 1 + 0.55 * np.sin(cells.start / DAY * math.tau + seed.uniform(0, 1.5)) + 0.15 * np.sin(cells.start / 2400)
    busy = fields["end"] - fields["start"] <= HOUR
    rate = (seed.choice([9, 20]) if busy else seed.choice([0.7, 1.5, 4, 9, 20])) / usual**0.25 * wave
    started = seed.poisson(np.clip(rate, 0, None) * minutes)
    failing = seed.choice([0.001, 0.004, 0.02]) * np.where(health[0] == 1, 1, 8 + 40 * (1 - health[0]))
    failed = seed.binomial(started, np.clip(failing, 0, 0.9))
    completed = started - failed
    retrying = seed.poisson(started * np.clip(failing * 1.6, 0, 1))
    count = {"pending": started, "processing": started + retrying, "retrying": retrying}
    count |= {"completed": completed, "failed": failed}
    if metric_type == "operation_count":
        return count if fields["status"] is None else {fields["status"]: count[fields["status"]]}
    if metric_type == "retry_count":
        return {"count": retrying}
    ended = {"completed": completed, "failed": failed}.get(fields["status"], started)
    if metric_type in ("success_rate", "error_rate"):
        value = (completed if metric_type == "success_rate" else failed) / np.maximum(started, 1)
        return {"value": value, "count": started}
    if metric_type == "throughput":
        return {"value": ended / minutes, "count": ended}
    slow = usual * (1 + 2.5 * (1 - health[0])) * (0.8 + 0.35 * wave)
    if metric_type == "queue_size":
        mean = np.maximum(rate * slow / (2 if busy else 8), 0) * _slowly(seed, len(started))
        most = np.ceil(mean + 2 * np.sqrt(mean) * seed.uniform(0, 1.5, len(started)))
        return {"mean": mean, "max": most, "last": np.round(mean)}
    noise = 1 / np.sqrt(np.maximum(ended, 1))
    median = slow * np.exp(seed.normal(0, 0.45, len(started)) * noise)
    tail = np.where(seed.random(len(started)) < 0.004, seed.uniform(4, 9, len(started)), 1)
    high = median * np.exp(np.abs(seed.normal(0.85, 0.25, len(started)))) * tail
    return {"count": ended, "median": median, "percentile_95": high}


def _slowly(seed: np.random.Generator, length: int) -> Array:
    """Return a noise around 1 that changes little from one interval to the next."""
    steps = np.convolve(seed.normal(0, 1, length + 30), np.hanning(30) / np.hanning(30).sum(), mode="same")[:length]
    return np.exp(steps * 0.9)


def _health(backend: str, cells: Grid) -> tuple[Array, Array, Array]:
    """Return mean, minimum and maximum of a backend's health in each cell, from its minutes."""
    if backend not in (TROUBLED, "cluster-07", "cluster-19"):
        return (np.ones(len(cells)),) * 3
    late = {TROUBLED: 0, "cluster-07": 40, "cluster-19": 95}[backend] * 60
    steps = np.array([minute * 60 for minute, _ in TROUBLE] + [3 * HOUR])
    values = np.array([value for _, value in TROUBLE])
    area = np.append(0, np.cumsum(values * np.diff(steps)))

    def upto(at: Array) -> Array:
        period, inside = np.divmod(at + late, 3 * HOUR)
        value: Array = period * area[-1] + np.interp(inside, steps, area)
        return value

    seconds = np.maximum(cells.end - cells.begin, 1)
    mean = np.clip((upto(cells.end) - upto(cells.begin)) / seconds, 0, 1)
    probes = cells.begin[:, None] + np.linspace(0, 0.999, 40)[None, :] * seconds[:, None]
    at = values[np.searchsorted(steps, (probes + late) % (3 * HOUR), side="right") - 1]
    return mean, at.min(axis=1), at.max(axis=1)


def _nothing(metric_type: str, fields: dict[str, Any]) -> dict[str, Array]:
    empty = grid(TimeRange(fields["start"], fields["start"]), fields["interval"])
    key = ("ipfs",) if metric_type == "backend_health" else ("pin", "ipfs")
    return _series(metric_type, key, empty, fields)
