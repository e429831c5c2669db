"""Stretches hold what ended in slots of one width, in which equal timestamps are together."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np

from telemetryd.live.stretch import ROW, Stretch, size_of, timeless
from telemetryd.model.events import COMPLETED
from telemetryd.rollup.build import operation_rows
from telemetryd.rollup.columns import OperationRows
from telemetryd.rollup.merge import stack

Told = dict[int, tuple[int, float, float, dict[int, int]]]


def rows(*starts: int, series: int = 0, latency: float = 1.0, weight: int = 1) -> OperationRows:
    """Return rows of operations that completed in slots of a second."""
    count = len(starts)
    return operation_rows(
        np.array(starts, np.int64),
        np.full(count, series, np.int32),
        np.full(count, COMPLETED, np.uint8),
        np.full(count, latency),
        1,
        np.full(count, weight, np.int8),
    )


def stretch(begin: int, end: float, *starts: int, width: int = 1) -> Stretch:
    made = Stretch(begin, end, width)
    return made.add(rows(*starts)) if starts else made


def slots(told: Stretch) -> list[tuple[int, int, int]]:
    """Return begin, end and entries of each slot; there is one series."""
    found = told.rows
    return list(zip(found.start.tolist(), (found.start + found.width).tolist(), found.entries.tolist(), strict=True))


def whole(parts: list[OperationRows]) -> Told:
    """Return entries, fastest, slowest and buckets of each series, all parts together."""
    if not parts:
        return {}
    found = timeless(stack(parts))
    bounds = zip(found.offset[:-1].tolist(), found.offset[1:].tolist(), strict=True)
    buckets = [dict(zip(found.bucket[a:b].tolist(), found.bucket_count[a:b].tolist(), strict=True)) for a, b in bounds]
    facts = zip(found.entries.tolist(), found.minimum.tolist(), found.maximum.tolist(), buckets, strict=True)
    return dict(zip(found.series.tolist(), facts, strict=True))


def test_what_is_added_lands_in_the_slot_of_its_second() -> None:
    """The last slot ends with the stretch."""
    told = stretch(100, 110, 100, 103, 104, 109, width=4)
    assert slots(told) == [(100, 104, 2), (104, 108, 1), (108, 110, 1)]
    assert told.size == size_of(told.rows) == 3 * ROW + 3


def test_layers_of_like_size_are_added_up() -> None:
    """So that there are few, and each row is copied seldom; all of them count."""
    told = stretch(0, math.inf, *range(64))
    for _ in range(100):
        told = told.add(rows(7))
    assert sum(entries for begin, _, entries in slots(told) if begin == 7) == 101
    assert len(told.rows) <= 64 + 8


def test_a_stretch_lies_in_another_where_all_of_its_slots_do() -> None:
    """A slot is in if it ends after the begin and starts at the end or before; empty ones do not matter at the end."""
    told = stretch(10, 20, 10, 15, width=2)
    assert told.lies_in(11.9, 14)
    assert not told.lies_in(12, 20)
    assert not told.lies_in(11.9, 13.9)
    assert stretch(10, math.inf, 10).lies_in(10.5, 10)


def test_a_part_is_its_slots_in_between() -> None:
    """By the same rule."""
    told = stretch(10, 20, 10, 12, 14, 16, width=2)
    assert told.part(12, 14).start.tolist() == [12, 14]
    assert len(told.part(30, 40)) == 0


def test_a_stretch_is_cut_where_a_slot_begins() -> None:
    """The second half is as open as the whole was."""
    before, after = stretch(10, math.inf, 10, 11, 12).cut(12)
    assert (before.begin, before.end, slots(before)) == (10, 12, [(10, 11, 1), (11, 12, 1)])
    assert (after.begin, after.is_open, slots(after)) == (12, True, [(12, 13, 1)])
    assert not stretch(10, math.inf, 10).cut(11)[1].size


def test_slots_grow_twice_as_wide() -> None:
    """On one grid, whatever was in them; then what is added joins them."""
    told = stretch(10, 15, 10, 11, 12, 14).coarser()
    assert slots(told) == [(10, 12, 2), (12, 14, 1), (14, 15, 1)]
    assert slots(told.coarser().add(rows(13))) == [(10, 14, 4), (14, 15, 1)]
    assert told.coarser().coarser().is_one_slot and not told.coarser().is_one_slot
    assert slots(stretch(10, 15).coarser().add(rows(11))) == [(10, 12, 1)]


def test_neighbours_become_one_slot() -> None:
    """Where there is nothing in one of them, or in both, too."""
    first, second = stretch(10, 12, 10, 11, width=2), stretch(12, 16, 13, width=4)
    assert slots(first.joined(second)) == [(10, 16, 3)]
    assert slots(stretch(10, 12, width=2).joined(second)) == [(10, 16, 1)]
    empty = stretch(10, 12, width=2).joined(stretch(12, 16, width=4))
    assert (empty.begin, empty.end, empty.is_one_slot, empty.size) == (10, 16, True, 0)


def test_what_is_taken_back_leaves_with_what_it_takes_back() -> None:
    """Whether it comes before the slots grow wider or after that."""
    told = stretch(10, 18, 10, 11, 13).coarser()
    told = told.add(rows(11, weight=-1)).coarser()
    assert sum(entries for _, _, entries in slots(told)) == 2
    assert {(begin, end) for begin, end, _ in slots(told)} == {(10, 14)}


def test_a_stretch_is_parted_in_halves_until_each_is_small() -> None:
    """They follow one another without a gap; a slot is never in two of them, and one that is open stays whole."""
    slot = ROW + 1
    told = stretch(10, 18, 10, 11, 15, 16, 17).add(stack([rows(13, series=each) for each in range(5)]))
    parted = told.pieces(2 * slot)
    assert [(each.begin, each.end) for each in parted] == [(10, 12), (12, 13), (13, 14), (14, 16), (16, 18)]
    assert [each.size for each in parted] == [2 * slot, 0, 5 * slot, slot, 2 * slot]
    assert whole([each.rows for each in parted if each.size]) == whole([told.rows])
    assert told.pieces(told.size) == [told]
    always = stretch(10, math.inf, 10, 11, 12)
    assert always.pieces(1) == [always]
    narrow = stretch(10, 15, 10, 14, width=2).pieces(slot)
    assert [(each.begin, each.end) for each in narrow] == [(10, 12), (12, 15)]


def test_what_a_stretch_comes_to_is_made_once() -> None:
    """One row for each series and status, whatever the slots."""
    told = stretch(10, 20, 10, 11, 11).add(rows(12, 13, series=1))
    assert told.whole is told.whole
    assert Counter(dict(zip(told.whole.series.tolist(), told.whole.entries.tolist(), strict=True))) == {0: 3, 1: 2}
