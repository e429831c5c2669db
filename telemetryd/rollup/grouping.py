"""Grouping of rows by several whole-number keys at once."""

from __future__ import annotations

import math

import numpy as np

from .columns import Array

_INT64 = 2**63
# Where so many tuples are possible for each row, or fewer, a table of all of them is faster than sorting.
_DENSE = 8


def distinct(*keys: Array) -> tuple[tuple[Array, ...], Array]:
    """Return the distinct tuples of some keys, in order, and for each row the index of its tuple.

    The keys are packed into one int64; where the product of their spans does not fit, their ranks are.
    """
    if not len(keys[0]):
        return tuple(np.empty(0, np.int64) for _ in keys), np.empty(0, np.int64)
    spans = [bounds(key) for key in keys]
    size = math.prod(span for _, span in spans)
    if size > _INT64:
        values, ranks = zip(*(np.unique(key, return_inverse=True) for key in keys), strict=True)
        rank, group = distinct(*ranks)
        return tuple(value[index] for value, index in zip(values, rank, strict=True)), group
    packed = np.zeros(len(keys[0]), np.int64)
    for key, (lowest, span) in zip(keys, spans, strict=True):
        packed = packed * span + (key.astype(np.int64) - lowest)
    found, group = _numbered(packed, size) if size <= _DENSE * len(packed) else _unique(packed)
    unpacked: list[Array] = []
    for lowest, span in reversed(spans):
        unpacked.append(found % span + lowest)
        found = found // span
    return tuple(reversed(unpacked)), group


def bounds(key: Array) -> tuple[int, int]:
    """Return the lowest of some whole numbers, and how many there are from it to the highest."""
    if not len(key):
        return 0, 0
    lowest = int(key.min())
    return lowest, int(key.max()) - lowest + 1


def _unique(values: Array) -> tuple[Array, Array]:
    """Return what ``np.unique`` does; rows of rollups come in runs that are sorted, which a merge sort is made for."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    first = np.ones(len(values), bool)
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    group = np.empty(len(values), np.int64)
    group[order] = np.cumsum(first) - 1
    return ordered[first], group


def _numbered(packed: Array, size: int) -> tuple[Array, Array]:
    """Return what ``np.unique`` does, of whole numbers from 0 to ``size``, in time that grows with these alone."""
    there = np.zeros(size, bool)
    there[packed] = True
    found = np.flatnonzero(there)
    number = np.empty(size, np.int32)
    number[found] = np.arange(len(found), dtype=np.int32)
    return found, number[packed].astype(np.int64)


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
