"""Rollups of several sources as one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetryd.rollup.build import build
from telemetryd.rollup.columns import Array, RollupRows
from telemetryd.rollup.merge import concat, merge, select

from . import samples
from .samples import Row, columns, health, instants, started

Told = dict[tuple[Any, ...], tuple[Any, ...]]
several = st.lists(samples.rows, min_size=1, max_size=4)


def operations(rows: RollupRows) -> Told:
    """Return all facts by (start, width, series, status)."""
    kind, told = rows.operations, {}
    for at in range(len(kind)):
        cells = slice(kind.offset[at], kind.offset[at + 1])
        histogram = tuple(zip(kind.bucket[cells].tolist(), kind.bucket_count[cells].tolist(), strict=True))
        key = (kind.start[at], kind.width[at], rows.series[kind.series[at]], kind.status[at])
        assert key not in told
        told[key] = (kind.entries[at], kind.count[at], float(kind.minimum[at]), float(kind.maximum[at]), histogram)
    return told


def queue(rows: RollupRows) -> Told:
    kind = rows.queue
    return {
        (kind.start[at], kind.width[at], rows.series[kind.series[at]], kind.state[at]): (
            kind.net[at],
            kind.integral[at],
        )
        for at in range(len(kind))
    }


@given(several)
def test_operations_merge_without_loss(parts: list[list[Row]]) -> None:
    """However rows are split, counts, extremes and histograms are those of all rows at once."""
    whole = build(columns([row for rows in parts for row in rows]), 60)
    merged = merge([build(columns(rows), 60) for rows in parts])
    assert operations(merged) == operations(whole)
    assert merged.operations.sum.sum() == pytest.approx(whole.operations.sum.sum())


@given(several)
def test_moves_of_the_queue_merge_without_loss(parts: list[list[Row]]) -> None:
    """Net and integral are those of all rows at once, wherever anything moved."""
    whole = queue(build(columns([row for rows in parts for row in rows]), 60))
    merged = queue(merge([build(columns(rows), 60) for rows in parts]))
    assert set(whole) <= set(merged)
    for key, numbers in merged.items():
        # Moves at one instant in two sources may cancel out: then they are no row of the whole.
        assert numbers == pytest.approx(whole.get(key, (0, 0)))


@given(samples.rows, instants)
def test_sources_that_follow_one_another_merge_exactly(rows: list[Row], cut: float) -> None:
    """Where one source ends before the next begins, the extremes of the queue are exact too."""
    rows = [row for row in rows if row.event != 2]
    parts = [[row for row in rows if row.at < cut], [row for row in rows if row.at >= cut]]
    whole, merged = (build(columns(rows), 900).queue, merge([build(columns(part), 900) for part in parts]).queue)
    assert len(whole) == len(merged)
    for name in ("net", "minimum", "maximum"):
        assert getattr(merged, name).sum() == getattr(whole, name).sum()


@given(st.lists(samples.health_rows), instants)
def test_healths_that_follow_one_another_merge_exactly(rows: list[Row], cut: float) -> None:
    """Each source's last health holds until the next one tells of a change."""
    rows = [replace(row, backend="ipfs") for row in rows]
    parts = [[row for row in rows if row.at < cut], [row for row in rows if row.at >= cut]]
    whole, merged = (merge([build(columns(each), 900) for each in split]).health for split in ([rows], parts))
    for name in ("start", "lead", "known", "integral", "minimum", "maximum", "last"):
        np.testing.assert_allclose(getattr(merged, name), getattr(whole, name), atol=1e-6)


def test_of_two_healths_of_one_interval_both_are_told() -> None:
    """In whatever order the sources come, the one that changed first leads, and the other one lasts."""
    late, early = [health(50, "offline")], [health(10, "online")]
    for parts in ([late, early], [early, late]):
        found = merge([build(columns(rows), 60) for rows in parts]).health
        assert (found.lead.tolist(), found.last.tolist()) == ([10.0], [0.0])
        assert (found.known.tolist(), found.integral.tolist()) == ([50.0], [40.0])


def test_intervals_of_different_width_stay_apart() -> None:
    """What was sampled at another interval keeps its width."""
    rows = columns([started(0), started(30)])
    merged = merge([build(rows, 60), build(rows, 10)]).operations
    told = zip(merged.start.tolist(), merged.width.tolist(), merged.entries.tolist(), strict=True)
    assert sorted(told) == [(0, 10, 1), (0, 60, 2), (30, 10, 1)]


def test_codes_point_into_names_of_all() -> None:
    """Sources with other names under the same codes come together by name."""
    one = build(columns([started(0, backend="ipfs"), health(0, "online", "ipfs")]), 60)
    other = build(columns([started(0, backend="s3"), health(0, "offline", "s3")]), 60)
    joined = concat([one, other])
    assert [str(joined.series[code]) for code in joined.operations.series.tolist()] == ["add:ipfs", "add:s3"]
    assert [joined.backends[code] for code in joined.health.backend.tolist()] == ["ipfs", "s3"]


@given(samples.rows, st.data())
def test_rows_are_selected_with_their_histograms(rows: list[Row], data: st.DataObject) -> None:
    """A mask and its indices pick the same rows; each keeps its own buckets."""
    built = build(columns(rows), 60)
    length = len(built.operations)
    mask: Array = np.array(data.draw(st.lists(st.booleans(), min_size=length, max_size=length)), bool)
    picked = select(built.operations, mask)
    kept = RollupRows(built.series, built.backends, picked, built.queue, built.health)
    everything = list(operations(built).items())
    assert list(operations(kept).items()) == [each for each, wanted in zip(everything, mask, strict=True) if wanted]
    assert select(built.operations, np.flatnonzero(mask)).bucket.tolist() == picked.bucket.tolist()
