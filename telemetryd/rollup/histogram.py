"""Exponential histograms: mergeable by adding counts, with 1.1 % relative error.

Base 2^(1/32), as the exponential histogram of OpenTelemetry at scale 5 and the native
histograms of Prometheus. Bucket i holds the values in (base^(i-1), base^i].
"""

from __future__ import annotations

import math

import numpy as np

from .columns import Array

SCALE = 32
BASE = 2 ** (1 / SCALE)
# Values that are zero (or below: clocks) have a bucket of their own, before all others.
ZERO = -(2**31)


def bucket_of(values: Array) -> Array:
    """Return the bucket (int32) of each value (s)."""
    positive = values > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        buckets = np.ceil(np.log2(np.where(positive, values, 1.0)) * SCALE)
    return np.where(positive, buckets, ZERO).astype(np.int32)


def bucket_of_value(value: float) -> int:
    """Return the bucket of one value (s)."""
    return math.ceil(math.log2(value) * SCALE) if value > 0 else ZERO


def representative(bucket: Array) -> Array:
    """Return for each bucket the value (s) whose relative error is smallest over the bucket: 1.08 % at most."""
    values = 2 * np.exp2(bucket.astype(np.float64) / SCALE) / (BASE + 1)
    return np.where(bucket == ZERO, 0.0, values)


def quantiles(
    offset: Array, bucket: Array, bucket_count: Array, minimum: Array, maximum: Array, count: Array, q: float
) -> Array:
    """Return the quantile ``q`` (0 to 1) of each sparse histogram, NaN where it is empty.

    Histogram i is ``bucket[offset[i]:offset[i+1]]`` with its counts. Interpolates between the two
    nearest order statistics, as numpy does; the first and the last are exact.
    """
    rank = np.maximum(count - 1, 0) * q
    low, high = np.floor(rank).astype(np.int64), np.ceil(rank).astype(np.int64)
    total = np.concatenate([[0], np.cumsum(bucket_count)]).astype(np.int64)

    def statistic(index: Array) -> Array:
        if not len(bucket):
            return np.full(len(count), np.nan)
        # The counts of all histograms in one running sum: the wanted one is found by one search.
        at = np.searchsorted(total, total[offset[:-1]] + index, side="right") - 1
        values = representative(bucket[np.minimum(at, len(bucket) - 1)])
        values = np.clip(values, minimum, maximum)
        values = np.where(index == 0, minimum, np.where(index == count - 1, maximum, values))
        return np.where(count > 0, values, np.nan)

    lower, upper = statistic(low), statistic(high)
    return np.asarray(lower + (upper - lower) * (rank - low))
