"""Rollup rows in wider intervals: the tiers, and what a query need not see in detail."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .columns import Array, HealthRows, OperationRows, QueueRows, RollupRows
from .grouping import reduce_runs, runs
from .merge import added_up


def coarsen(rows: RollupRows, width: int) -> RollupRows:
    """Return rows in intervals of ``width`` s, which hold whole intervals of every row that is given.

    Of one source, or of several that follow one another, this loses nothing but where inside the wider
    interval a thing happened: a gauge's extremes and integrals are those that its rows told.
    """
    return RollupRows(
        rows.series,
        rows.backends,
        added_up(
            replace(rows.operations, start=_wider(rows.operations.start, width), width=_full(rows.operations, width))
        ),
        _queue(rows.queue, width),
        _health(rows.health, width),
    )


def _wider(start: Array, width: int) -> Array:
    return np.asarray(start // width * width)


def _full(rows: OperationRows | QueueRows | HealthRows, width: int) -> Array:
    return np.full(len(rows), width, np.int32)


def _queue(rows: QueueRows, width: int) -> QueueRows:
    order = np.lexsort((rows.start, rows.state, rows.series))
    start, series, state, net = (each[order] for each in (rows.start, rows.series, rows.state, rows.net))
    wider = _wider(start, width)
    first = runs(series, state, wider)
    # Where a row begins, relative to the wider interval's opening: the moves of those before it.
    level = np.cumsum(net) - net
    level -= np.repeat(level[first], np.diff(np.append(first, len(net))))
    # Between rows the number stands still, so a row moves the rest of the wider interval by its net.
    rest = net * (wider + width - (start + rows.width[order]))
    lowest = reduce_runs(np.minimum, level + rows.minimum[order], first)
    highest = reduce_runs(np.maximum, level + rows.maximum[order], first)
    opening_held = start[first] > wider[first]
    return QueueRows(
        start=wider[first],
        width=np.full(len(first), width, np.int32),
        series=series[first],
        state=state[first],
        net=reduce_runs(np.add, net, first),
        integral=reduce_runs(np.add, rows.integral[order] + rest, first),
        minimum=np.where(opening_held, np.minimum(lowest, 0), lowest),
        maximum=np.where(opening_held, np.maximum(highest, 0), highest),
    )


def _health(rows: HealthRows, width: int) -> HealthRows:
    order = np.lexsort((rows.start + rows.lead, rows.backend))
    start, backend, lasting = rows.start[order], rows.backend[order], rows.last[order]
    wider = _wider(start, width)
    first = runs(backend, wider)
    last = np.append(first[1:], len(order))[: len(first)] - 1
    changed, ends = start + rows.lead[order], start + rows.width[order]
    # A row's last health holds from its end until the first change that the next one tells of.
    until = np.append(changed[1:], 0.0)[: len(order)]
    until[last] = wider[last] + width
    held = np.where(np.isnan(lasting), 0.0, until - ends)
    return HealthRows(
        start=wider[first],
        width=np.full(len(first), width, np.int32),
        backend=backend[first],
        lead=changed[first] - wider[first],
        known=reduce_runs(np.add, rows.known[order] + held, first),
        integral=reduce_runs(np.add, rows.integral[order] + held * np.nan_to_num(lasting), first),
        minimum=reduce_runs(np.minimum, rows.minimum[order], first),
        maximum=reduce_runs(np.maximum, rows.maximum[order], first),
        last=lasting[last],
    )
