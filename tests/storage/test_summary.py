"""The rollup of an hour, gathered from chunks."""

from __future__ import annotations

import numpy as np
import pytest

from telemetryd.rollup.build import build
from telemetryd.rollup.carry import carry_of
from telemetryd.rollup.columns import EventColumns, in_order
from telemetryd.storage.rows import between
from telemetryd.storage.summary import Summary

from .samples import columns_of
from .test_rollup_schema import as_values


def in_chunks(columns: EventColumns, size: int, interval: int, gathered_rows: int = 250_000) -> Summary:
    gathered = Summary(interval, gathered_rows)
    for start in range(0, len(columns), size):
        gathered.add_rows(between(columns, start, min(start + size, len(columns))))
    return gathered


def rounded(rows: object) -> list[tuple[object, ...]]:
    """Return rollup rows in order, sums of floats without their last digits, which depend on their order."""
    told = [
        tuple(round(float(value), 6) if isinstance(value, float | np.floating) else value for value in row)
        for row in as_values(rows)  # type: ignore[arg-type]
    ]
    return sorted(told, key=repr)


@pytest.mark.parametrize(("size", "rows"), [(1, 150), (7, 400), (100, 1500), (5000, 1500)])
@pytest.mark.parametrize("interval", [60, 3600])
def test_chunks_give_what_all_rows_at_once_give(size: int, rows: int, interval: int) -> None:
    """Wherever chunks are cut, inside of intervals too, counts, histograms, queues and healths are exact."""
    columns = in_order(columns_of(rows))
    gathered = in_chunks(columns, size, interval)
    assert rounded(gathered.rows()) == rounded(build(columns, interval))
    assert gathered.carry() == carry_of(columns)


def test_merging_early_changes_nothing() -> None:
    """What has gathered is merged whenever it is too much; the result is the same."""
    columns = in_order(columns_of(800))
    assert rounded(in_chunks(columns, 20, 60, gathered_rows=10).rows()) == rounded(build(columns, 60))


def test_rollups_are_added_up() -> None:
    """Counts of rollups that overlap are the sum, and so is what they carry on."""
    one, other = columns_of(300), columns_of(200, first=301)
    gathered = Summary(60)
    for each in (one, other):
        gathered.add(build(each, 60), carry_of(each))
    both = build(one, 60).operations.entries.sum() + build(other, 60).operations.entries.sum()
    assert gathered.rows().operations.entries.sum() == both
    nets = {key: np.array(moved) for key, moved in carry_of(one).net.items()}
    for key, moved in carry_of(other).net.items():
        nets[key] = nets.get(key, np.zeros(3, int)) + moved
    assert gathered.carry().net == {key: tuple(moved.tolist()) for key, moved in nets.items() if moved.any()}


def test_the_later_change_of_a_backend_is_carried_on() -> None:
    """Whichever source tells of it, the last health of each backend is the one that holds."""
    one, other = columns_of(300), columns_of(300, first=301)
    gathered = Summary(60)
    for each in (one, other):
        gathered.add(build(each, 60), carry_of(each))
    for backend, change in gathered.carry().health.items():
        assert change == max(carry_of(one).health[backend], carry_of(other).health[backend])
