"""Rollup rows in wider intervals."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetryd.rollup.build import build
from telemetryd.rollup.coarsen import coarsen
from telemetryd.rollup.columns import HealthRows, QueueRows, RollupRows

from . import samples
from .samples import Row, columns, health, started
from .test_merge import operations

DAY = 86_400


def by_key(rows: QueueRows | HealthRows) -> list[tuple[float, ...]]:
    """Return the rows as plain numbers, in order; moves that cancel out at the boundary of two rows are no row."""
    told = zip(*(np.asarray(getattr(rows, each.name), float).tolist() for each in fields(rows)), strict=True)
    return sorted(told)


@given(samples.rows, st.sampled_from([(10, 60), (60, 1800), (45, 3600), (60, 3600), (900, 900)]))
def test_wider_rows_are_those_of_the_events(rows: list[Row], widths: tuple[int, int]) -> None:
    """Counts, histograms, integrals and extremes are those that building in the wider interval gives."""
    narrow, wide = widths
    events = columns(rows)
    found, expected = coarsen(build(events, narrow), wide), build(events, wide)
    assert operations(found) == operations(expected)
    assert found.operations.sum.sum() == pytest.approx(expected.operations.sum.sum())
    for kind in ("queue", "health"):
        told, truth = by_key(getattr(found, kind)), by_key(getattr(expected, kind))
        assert len(told) == len(truth)
        for one, other in zip(told, truth, strict=True):
            assert one == pytest.approx(other, nan_ok=True)


@given(samples.rows)
def test_a_day_of_hours_is_a_day_of_minutes(rows: list[Row]) -> None:
    """In one step or in two, the numbers are the same."""
    minutes = build(columns(rows), 60)
    one, two = coarsen(minutes, DAY), coarsen(coarsen(minutes, 3600), DAY)
    assert operations(one) == operations(two)
    for kind in ("queue", "health"):
        for each, other in zip(by_key(getattr(one, kind)), by_key(getattr(two, kind)), strict=True):
            assert each == pytest.approx(other, nan_ok=True)


def test_what_stood_at_the_opening_counts_as_an_extreme() -> None:
    """A queue that moved late in the hour stood at its opening before; a health says when it first changed."""
    found = coarsen(build(columns([started(1000), started(2000), health(1030, "offline")]), 60), 3600)
    in_flight = found.queue.state == 9
    assert (found.queue.minimum[in_flight].tolist(), found.queue.maximum[in_flight].tolist()) == ([0], [2])
    assert found.queue.integral[in_flight].tolist() == [2600.0 + 1600.0]
    assert (found.health.lead.tolist(), found.health.known.tolist()) == ([1030.0], [2570.0])


def test_nothing_is_nothing() -> None:
    """Rows of no kind make rows of no kind."""
    found: RollupRows = coarsen(build(columns([]), 60), DAY)
    assert (len(found.operations), len(found.queue), len(found.health)) == (0, 0, 0)
