"""Runs are added up once, cut at their slots, and joined where they lie closest together for their age."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from telemetryd.live.run import Run, Total, join_nearest, split
from telemetryd.model.events import COMPLETED
from telemetryd.rollup.build import operation_rows
from telemetryd.rollup.columns import OperationRows
from telemetryd.rollup.merge import added_up, stack

SHARE = 20


def rows(starts: list[int], latencies: list[float] | None = None, series: int = 0) -> OperationRows:
    """Return rows of operations that completed in slots of a second."""
    count = len(starts)
    took = np.array(latencies if latencies is not None else [1.0] * count)
    return operation_rows(
        np.array(starts, np.int64), np.full(count, series, np.int32), np.full(count, COMPLETED, np.uint8), took, 1
    )


def run(*starts: int, series: int = 0) -> Run:
    return Run(rows(list(starts), series=series))


def spread(start: int, cells: int = SHARE) -> Run:
    """Return a run of one slot with so many cells."""
    return Run(rows([start] * cells, [1.5**power for power in range(cells)]))


def told(parts: list[OperationRows]) -> dict[int, tuple[int, float, float, Counter[int]]]:
    """Return entries, fastest, slowest and buckets of each series, all parts together."""
    found: dict[int, tuple[int, float, float, Counter[int]]] = {}
    for each in parts:
        for row, series in enumerate(each.series.tolist()):
            cells = slice(int(each.offset[row]), int(each.offset[row + 1]))
            buckets = Counter(dict(zip(each.bucket[cells].tolist(), each.bucket_count[cells].tolist(), strict=True)))
            before = found.get(series, (0, np.inf, -np.inf, Counter()))
            found[series] = (
                before[0] + int(each.entries[row]),
                min(before[1], float(each.minimum[row])),
                max(before[2], float(each.maximum[row])),
                before[3] + buckets,
            )
    return found


def test_a_run_lies_in_a_stretch_where_all_of_its_slots_do() -> None:
    """A slot is in if it ends after the begin and starts at the end or before."""
    assert run(10, 12).lies_in(10.5, 12)
    assert not run(10, 12).lies_in(11, 12)
    assert not run(10, 12).lies_in(10.5, 11.9)


def test_a_part_is_the_slots_of_a_stretch() -> None:
    """None where nothing ends late enough."""
    cut = run(10, 11, 12).part(11, 11.5)
    assert cut is not None
    assert cut.start.tolist() == [11]
    assert run(10, 11).part(12, 20) is None


def test_what_has_gone_by_is_left_out() -> None:
    """A run that keeps everything stays the same one, and with it what it comes to."""
    whole = run(10, 11)
    assert whole.later(10) is whole
    later = whole.later(11)
    assert later is not None
    assert later.rows.start.tolist() == [11]
    assert whole.later(12) is None


def test_what_a_run_comes_to_is_made_once() -> None:
    """One row for each series and status, whatever the slots."""
    made = Run(stack([rows([10, 11, 11]), rows([11, 40], series=1)]))
    assert made.whole is made.whole
    assert made.whole.series.tolist() == [0, 1]
    assert made.whole.entries.tolist() == [3, 2]


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=3), min_size=1, max_size=8), st.data())
def test_a_total_is_that_of_its_runs_however_it_was_asked_before(slots: list[list[int]], data: st.DataObject) -> None:
    """Runs come, go at the old end, and are joined at any place: the total never tells of others."""
    total = Total()
    runs = [run(*each, series=sum(each) % 2) for each in slots]
    for _ in range(4):
        first = data.draw(st.integers(0, len(runs)))
        last = data.draw(st.integers(first, len(runs)))
        asked = tuple(runs[first:last])
        assert told(total.of(asked)) == told([each.rows for each in asked])
        if len(runs) > 1:
            at = data.draw(st.integers(0, len(runs) - 2))
            runs[at : at + 2] = [Run(added_up(stack([runs[at].rows, runs[at + 1].rows])))]
            total.keep(runs)


def test_a_total_holds_no_run_that_its_window_let_go_of() -> None:
    """Else one that nobody asks about would stay for as long as nobody asks."""
    total = Total()
    runs = [run(slot) for slot in range(8)]
    total.of(tuple(runs))
    # Still the same runs, and so still known: what is told of the older five is one part.
    total.keep(runs)
    assert len(total.of(tuple(runs))) == 4
    assert total.known
    total.keep(runs[1:])
    assert not total.known


def test_rows_are_split_between_slots() -> None:
    """Runs follow one another, each of at most so many cells where no slot has more."""
    made = split(stack([spread(start, 8).rows for start in (3, 1, 2, 4)]), SHARE)
    assert [each.rows.start.tolist() for each in made] == [[1, 2], [3, 4]]
    assert [each.cells for each in made] == [16, 16]
    assert split(rows([]), SHARE) == []


def test_a_slot_with_more_cells_is_not_split() -> None:
    """Of its rows some would be in one run and some in another, and never become fewer."""
    assert [each.cells for each in split(spread(1, 3 * SHARE).rows, SHARE)] == [3 * SHARE]


def joined(runs: list[Run], now: float) -> list[tuple[list[int], list[int]]]:
    """Join once; return the begins and the ends of each run's slots."""
    join_nearest(runs, now, SHARE)
    return [(each.rows.start.tolist(), each.ends.tolist()) for each in runs]


def test_the_nearest_for_their_age_are_joined() -> None:
    """Two slots a second apart are near each other when they are old, and far when they are new."""
    runs = [spread(0), spread(1), spread(98), spread(99)]
    assert joined(runs, 100.0) == [([0], [2]), ([98], [99]), ([99], [100])]
    assert runs[0].rows.entries.tolist() == [2 * SHARE]
    assert joined(runs, 100.0) == [([0], [2]), ([98], [100])]


def test_slots_are_joined_two_by_two() -> None:
    """Those of many are half as many then, and told apart as well as before in proportion; an odd one stays."""
    runs = [run(10, 11, 12), run(13, 15)]
    assert joined(runs, 100.0) == [([10, 12, 15], [12, 14, 16])]
    assert runs[0].rows.entries.tolist() == [2, 2, 1]
    assert runs[0].slots == 3


def test_what_came_late_is_joined_to_what_came_with_it() -> None:
    """It leaves the window with that: a slot is in for as long as its end is."""
    runs = [run(50), run(3, 51)]
    assert joined(runs, 100.0) == [([3, 51], [51, 52])]
