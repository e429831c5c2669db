"""One sample a series over the whole range: its statistics, and the aggregate asked for."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

import numpy as np

from telemetryd.rollup.columns import Array

from .definitions import Definition
from .result import MetricTable

# Of samples: the statistic of the definition that is looked at, and what is made of its values.
_OF_SAMPLES: MappingProxyType[str, tuple[str, Callable[[Array, float], float]]] = MappingProxyType(
    {
        "sum": ("value", lambda values, seconds: float(values.sum())),
        "average": ("value", lambda values, seconds: float(values.mean())),
        "minimum": ("lowest", lambda values, seconds: float(values.min())),
        "maximum": ("highest", lambda values, seconds: float(values.max())),
        "percentile_95": ("value", lambda values, seconds: float(np.percentile(values, 95))),
        "percentile_99": ("value", lambda values, seconds: float(np.percentile(values, 99))),
        "count": ("value", lambda values, seconds: float(len(values))),
        "rate": ("value", lambda values, seconds: len(values) / seconds),
    }
)
# Of operations: the statistic of the whole range that is the aggregate.
_OF_OPERATIONS = MappingProxyType(
    {
        "sum": "sum",
        "average": "mean",
        "minimum": "min",
        "maximum": "max",
        "percentile_95": "percentile_95",
        "percentile_99": "percentile_99",
        "count": "count",
    }
)


def aggregate(
    definition: Definition, aggregation: str, samples: MetricTable, whole: MetricTable, seconds: int
) -> MetricTable:
    """Return ``whole`` (one sample a series over the range of ``seconds``) with a column ``value``: the aggregate."""
    value = _value(definition, aggregation, samples, whole, seconds)
    return MetricTable(whole.keys, whole.series, whole.timestamp, {**whole.statistics, "value": value})


def _value(definition: Definition, aggregation: str, samples: MetricTable, whole: MetricTable, seconds: int) -> Array:
    if definition.own_values:
        if aggregation == "rate":
            return np.asarray(whole.statistics["count"] / seconds)
        return whole.statistics[_OF_OPERATIONS[aggregation]].astype(np.float64)
    if definition.pooled and aggregation == "average":
        return whole.statistics["value"]
    which, reduce = _OF_SAMPLES[aggregation]
    values = samples.statistics[getattr(definition, which)]
    rank = {key: number for number, key in enumerate(samples.keys)}
    codes = np.array([rank[whole.keys[code]] for code in whole.series.tolist()], np.int64)
    low = np.searchsorted(samples.series, codes, side="left")
    high = np.searchsorted(samples.series, codes, side="right")
    return np.array([reduce(values[a:b], seconds) for a, b in zip(low.tolist(), high.tolist(), strict=True)])
