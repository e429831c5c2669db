"""Grouping of rows by several whole-number keys at once."""

from __future__ import annotations

import math

import numpy as np

from .columns import Array

_INT64 = 2**63
# Keys that span no more than this, or than a few times their number, are looked up in a table.
_DENSE = 1 << 16


def distinct(*keys: Array) -> tuple[tuple[Array, ...], Array]:
    """Return the distinct tuples of some keys, in order, and for each row the index of its tuple.

    The keys are packed into one int64; where the product of their spans does not fit, their ranks are.
    """
    spans = [(int(key.min()), int(key.max()) - int(key.min()) + 1) if len(key) else (0, 1) for key in keys]
    if math.prod(span for _, span in spans) > _INT64:
        values, ranks = zip(*(np.unique(key, return_inverse=True) for key in keys), strict=True)
        rank, group = distinct(*ranks)
        return tuple(value[index] for value, index in zip(values, rank, strict=True)), group
    packed = np.zeros(len(keys[0]), np.int64)
    for key, (lowest, span) in zip(keys, spans, strict=True):
        packed = packed * span + (key.astype(np.int64) - lowest)
    span = math.prod(span for _, span in spans)
    found, group = _dense(packed, span) if span <= max(_DENSE, 4 * len(packed)) else _unique(packed)
    unpacked: list[Array] = []
    for lowest, span in reversed(spans):
        unpacked.append(found % span + lowest)
        found = found // span
    return tuple(reversed(unpacked)), group


def _dense(values: Array, span: int) -> tuple[Array, Array]:
    """As ``numpy.unique`` with the inverse, of values from 0 on below ``span``."""
    there = np.zeros(span, bool)
    there[values] = True
    return np.flatnonzero(there), (np.cumsum(there) - 1)[values]


def _unique(values: Array) -> tuple[Array, Array]:
    """As ``numpy.unique`` with the inverse; rows of rollups come in runs that are sorted, which a merge sort is made for."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    first = np.ones(len(values), bool)
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    group = np.empty(len(values), np.int64)
    group[order] = np.cumsum(first) - 1
    return ordered[first], group


def runs(*keys: Array) -> Array:
    """Return the index of the first row of each run of rows with equal keys."""
    if not len(keys[0]):
        return np.empty(0, np.int64)
    changes = np.zeros(len(keys[0]), bool)
    changes[0] = True
    for key in keys:
        changes[1:] |= np.diff(key) != 0
    return np.flatnonzero(changes)


def reduce_runs(reduction: np.ufunc, values: Array, first: Array) -> Array:
    """Reduce each run of ``values`` that begins at an index of ``first``."""
    return np.asarray(reduction.reduceat(values, first)) if len(first) else values[:0]
