"""Rollups of several sources as one, without loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import TypeVar

import numpy as np

from telemetryd.model.events import STATUSES
from telemetryd.model.series import SeriesKey

from .columns import Array, HealthRows, OperationRows, QueueRows, RollupRows
from .grouping import bounds, distinct, reduce_runs, runs
from .histogram import ZERO

# Where histograms may have so many buckets for each cell that is given, or fewer, nearly all of them come together.
_CROWDED = 2

Rows = TypeVar("Rows", OperationRows, QueueRows, HealthRows)
Name = TypeVar("Name", SeriesKey, str)


def concat(rollups: Sequence[RollupRows]) -> RollupRows:
    """Return the rows of one or more rollups, in the order given, with dictionaries of their own."""
    series: dict[SeriesKey, int] = {}
    backends: dict[str, int] = {}
    series_maps = [_codes(each.series, series) for each in rollups]
    backend_maps = [_codes(each.backends, backends) for each in rollups]
    operations = stack([each.operations for each in rollups])
    queue = stack([each.queue for each in rollups])
    health = stack([each.health for each in rollups])
    return RollupRows(
        tuple(series),
        tuple(backends),
        replace(operations, series=_remapped([each.operations.series for each in rollups], series_maps)),
        replace(queue, series=_remapped([each.queue.series for each in rollups], series_maps)),
        replace(health, backend=_remapped([each.health.backend for each in rollups], backend_maps)),
    )


def merge(rollups: Sequence[RollupRows]) -> RollupRows:
    """Return one row for each interval, series and status of several rollups.

    Counts, sums, extremes of latencies, histograms, nets and integrals are exact. The extremes
    of gauges are those of the sources following one another in the order given.
    """
    joined = concat(rollups)
    return RollupRows(
        joined.series, joined.backends, added_up(joined.operations), _queue(joined.queue), _health(joined.health)
    )


def select(rows: Rows, choice: Array) -> Rows:
    """Return the rows that ``choice`` (a mask or indices) picks."""
    indices = np.flatnonzero(choice) if choice.dtype == np.bool_ else choice
    if not isinstance(rows, OperationRows):
        return type(rows)(*(getattr(rows, each.name)[indices] for each in fields(rows)))
    sizes = np.diff(rows.offset)[indices]
    offset = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    cells = np.repeat(rows.offset[indices] - offset[:-1], sizes) + np.arange(offset[-1])
    sparse = {"offset": offset, "bucket": rows.bucket[cells], "bucket_count": rows.bucket_count[cells]}
    names = [each.name for each in fields(rows) if each.name not in sparse]
    return OperationRows(**{name: getattr(rows, name)[indices] for name in names}, **sparse)


def with_status(rows: OperationRows, statuses: Sequence[int]) -> OperationRows:
    """Return the rows of some statuses."""
    chosen = np.zeros(len(STATUSES), bool)
    chosen[list(statuses)] = True
    wanted = chosen[rows.status]
    return rows if wanted.all() else select(rows, wanted)


def without_histograms(rows: OperationRows) -> OperationRows:
    """Return rows whose histograms are empty, whatever their counts are."""
    return replace(
        rows, offset=np.zeros(len(rows) + 1, np.int64), bucket=rows.bucket[:0], bucket_count=rows.bucket_count[:0]
    )


def added_up(rows: OperationRows) -> OperationRows:
    """Return one row for each interval, series and status."""
    (start, width, series, status), group = distinct(rows.start, rows.width, rows.series, rows.status)
    size = len(start)
    minimum, maximum = np.full(size, np.inf), np.full(size, -np.inf)
    np.minimum.at(minimum, group, rows.minimum)
    np.maximum.at(maximum, group, rows.maximum)
    offset, bucket, bucket_count = merge_histograms(rows, group, size)
    return OperationRows(
        start,
        width.astype(np.int32),
        series.astype(np.int32),
        status.astype(np.uint8),
        np.bincount(group, rows.entries, size).astype(np.int64),
        np.bincount(group, rows.count, size).astype(np.int64),
        np.bincount(group, rows.sum, size).astype(np.float64),
        minimum,
        maximum,
        offset,
        bucket,
        bucket_count,
    )


def merge_histograms(rows: OperationRows, group: Array, groups: int) -> tuple[Array, Array, Array]:
    """Return ``offset``, ``bucket`` and ``bucket_count`` of the rows' histograms added up by group."""
    sizes = np.diff(rows.offset)
    near, lowest, span = _near(rows.bucket)
    if groups * span <= _CROWDED * len(near):
        # One pass over a table of all that may be; a sum of counts is exact as a double.
        table = np.bincount(np.repeat(group * span - lowest, sizes) + near, rows.bucket_count, groups * span)
        at = np.flatnonzero(table)
        owner, bucket, counts = at // span, at % span + lowest, table[at]
    else:
        (owner, bucket), cell = distinct(np.repeat(group, sizes), near)
        counts = np.bincount(cell, rows.bucket_count, len(bucket))
    if near is not rows.bucket:
        bucket = np.where(bucket == lowest, ZERO, bucket)
    offset = np.searchsorted(owner, np.arange(groups + 1)).astype(np.int64)
    return offset, bucket.astype(np.int32), counts.astype(np.int64)


def _near(bucket: Array) -> tuple[Array, int, int]:
    """Return buckets, the lowest of them, and how many there are from it to the highest; that of zero beside the others."""
    zero = bucket == ZERO
    if not zero.any():
        return bucket, *bounds(bucket)
    lowest, span = bounds(bucket[~zero])
    return np.where(zero, lowest - 1, bucket), lowest - 1, span + 1


def _queue(rows: QueueRows) -> QueueRows:
    (start, width, series, state), group = distinct(rows.start, rows.width, rows.series, rows.state)
    order = np.argsort(group, kind="stable")
    first = runs(group[order])
    net = rows.net[order]
    # Where a source begins: the moves of those before it.
    before = np.cumsum(net) - net
    before -= np.repeat(before[first], np.diff(np.append(first, len(net))))
    return QueueRows(
        start,
        width.astype(np.int32),
        series.astype(np.int32),
        state.astype(np.uint8),
        reduce_runs(np.add, net, first),
        reduce_runs(np.add, rows.integral[order], first),
        reduce_runs(np.minimum, rows.minimum[order] + before, first),
        reduce_runs(np.maximum, rows.maximum[order] + before, first),
    )


def _health(rows: HealthRows) -> HealthRows:
    (start, width, backend), group = distinct(rows.start, rows.width, rows.backend)
    order = np.lexsort((rows.lead, group))
    first = runs(group[order])
    last = np.append(first[1:], len(order))[: len(first)] - 1
    lasting = rows.last[order]
    # A source's last health holds until the first change that the next one tells of.
    following = np.append(rows.lead[order][1:], 0.0)[: len(order)]
    following[last] = rows.width[order][last]
    over = np.where(np.isnan(lasting), 0.0, rows.width[order] - following)
    return HealthRows(
        start,
        width.astype(np.int32),
        backend.astype(np.int32),
        rows.lead[order][first],
        reduce_runs(np.add, rows.known[order] - over, first),
        reduce_runs(np.add, rows.integral[order] - over * np.nan_to_num(lasting), first),
        reduce_runs(np.minimum, rows.minimum[order], first),
        reduce_runs(np.maximum, rows.maximum[order], first),
        lasting[last],
    )


def _codes(names: Sequence[Name], known: dict[Name, int]) -> Array:
    return np.array([known.setdefault(name, len(known)) for name in names], np.int32)


def _remapped(codes: Sequence[Array], maps: Sequence[Array]) -> Array:
    return np.concatenate([remap[code] if len(code) else code for code, remap in zip(codes, maps, strict=True)]).astype(
        np.int32
    )


def stack(several: Sequence[Rows]) -> Rows:
    """Return the rows of one or more, one after the other."""
    kind = type(several[0])
    columns = {
        each.name: np.concatenate([getattr(rows, each.name) for rows in several])
        for each in fields(kind)
        if each.name != "offset"
    }
    if kind is OperationRows:
        sizes = [np.diff(rows.offset) for rows in several]
        columns["offset"] = np.concatenate([[0], np.cumsum(np.concatenate(sizes))]).astype(np.int64)
    return kind(**columns)
