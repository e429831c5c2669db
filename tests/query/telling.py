"""Results as the oracle tells them: nested dictionaries of plain numbers."""

from __future__ import annotations

import math
from typing import Any

from telemetryd.model.events import STATUSES
from telemetryd.query.result import MetricTable, Result

Sample = dict[str, Any]


def samples(table: MetricTable) -> dict[Any, list[Sample]]:
    """Return the samples by key, oldest first; a statistic that is absent is None."""
    found: dict[Any, list[Sample]] = {}
    for at in range(len(table)):
        values = {name: _plain(column[at]) for name, column in table.statistics.items()}
        by_status = {name: values.pop(name) for name in STATUSES if name in values}
        sample = {"timestamp": int(table.timestamp[at]), **values} | ({"by_status": by_status} if by_status else {})
        found.setdefault(table.keys[table.series[at]], []).append(sample)
    return found


def told(result: Result) -> dict[str, Any]:
    """Return a result as the oracle's answer is: metrics without series are left out."""
    metrics: dict[str, Any] = {}
    for name, table in result.metrics.items():
        for key, each in samples(table).items():
            if isinstance(key, tuple):
                metrics.setdefault(name, {}).setdefault(key[0], {})[key[1]] = each
            else:
                metrics.setdefault(name, {})[key] = each
    return {"metrics": metrics, "start_time": result.start, "end_time": result.end, "interval": result.interval}


def _plain(value: Any) -> float | None:
    return None if math.isnan(value) else float(value)
