"""A total is that of the stretches as they are, whatever was asked before."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from telemetryd.live.total import Total

from .test_stretch import rows, stretch, whole


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(0, 9), max_size=3), min_size=1, max_size=9), st.data())
def test_a_total_is_that_of_its_stretches_however_it_was_asked_before(
    seconds: list[list[int]], data: st.DataObject
) -> None:
    """They come, go at the old end, grow coarser, are joined, and late ends are added to any: the total is always that of now."""
    total = Total()
    there = [stretch(10 * at, 10 * at + 10, *(10 * at + each for each in inside)) for at, inside in enumerate(seconds)]
    for _ in range(6):
        first = data.draw(st.integers(0, len(there)))
        last = data.draw(st.integers(first, len(there)))
        asked = [each for each in there[first:last] if each.size]
        assert whole(total.of(asked)) == whole([each.rows for each in asked])
        at = data.draw(st.integers(0, len(there) - 1))
        change = data.draw(st.sampled_from(["coarser", "joined", "added"]))
        if change == "coarser":
            there[at] = there[at].coarser()
        elif change == "added":
            there[at] = there[at].add(rows(there[at].begin, series=1, latency=0.5))
        elif at + 1 < len(there):
            there[at : at + 2] = [there[at].joined(there[at + 1])]


def test_a_total_is_not_made_again_where_slots_only_grew_wider() -> None:
    """That is what happens all the time under a load that is over the bound."""
    total = Total()
    there = [stretch(10 * at, 10 * at + 10, 10 * at, 10 * at + 1) for at in range(8)]
    known = total.of(there)[0]
    assert total.of([there[0].coarser(), *there[1:]])[0] is known
    for _ in range(4):
        there[:2] = [each.coarser() for each in there[:2]]
    assert total.of([there[0].joined(there[1]), *there[2:]])[0] is known
    assert total.of([there[0].add(rows(5)), *there[1:]])[0] is not known
