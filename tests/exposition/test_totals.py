"""Totals are counted from the head, each row once, and never go down."""

from __future__ import annotations

import math
from bisect import bisect_left

from hypothesis import given
from hypothesis import strategies as st

from telemetryd.exposition.totals import BOUNDS, BUCKETS
from telemetryd.model.events import BackendHealthChange
from tests.ingest.intake import HOUR, change, start

from .counting import Counting, life


def test_entries_into_each_status_are_counted() -> None:
    """By series, in the order of the statuses; the last column is expiry."""
    counting = Counting()
    counting.tell(*life("a", 1.0), *life("b", 1.0, "failed"), start("c", HOUR), change("c", "retrying", HOUR + 1))
    counting.tell(*life("d", 1.0, operation_type="pin"))
    assert counting.entries() == [3, 2, 1, 1, 1, 0]
    assert counting.entries("pin") == [1, 1, 0, 1, 0, 0]


def test_a_repeated_status_and_a_second_end_are_no_entries() -> None:
    """As in every other count."""
    counting = Counting()
    counting.tell(*life("a", 1.0), change("a", "completed", HOUR + 2), change("a", "failed", HOUR + 3))
    counting.tell(start("b", HOUR), change("b", "processing", HOUR + 1), change("b", "processing", HOUR + 2))
    assert counting.entries() == [2, 2, 0, 1, 0, 0]


def test_health_is_not_an_operation() -> None:
    """It is stored among the rows, and counts for nobody."""
    counting = Counting()
    counting.tell(BackendHealthChange("ipfs", "offline", HOUR), start("a", HOUR))
    assert counting.entries() == [1, 0, 0, 0, 0, 0]


def test_an_operation_that_expires_is_counted_as_such() -> None:
    """Where it has not ended."""
    counting = Counting()
    counting.tell(start("a", HOUR))
    counting.ledger.apply_expired(["a"], HOUR + 9)
    assert counting.entries() == [1, 0, 0, 0, 0, 1]


def test_each_row_is_counted_once_however_often_is_looked() -> None:
    """Before and after the head is given away, and from there on in the next one."""
    counting = Counting()
    counting.tell(start("a", HOUR))
    counting.count()
    counting.tell(change("a", "processing", HOUR + 1))
    counting.count()
    counting.count()
    counting.tell(change("a", "completed", HOUR + 2))
    counting.ledger.freeze(detailed=True)
    assert counting.entries() == [1, 1, 0, 1, 0, 0]
    counting.tell(*life("b", 1.0))
    counting.ledger.freeze(detailed=True)
    counting.ledger.skip_to(counting.ledger.sequence + 5)
    counting.tell(*life("c", 1.0))
    assert counting.entries() == [3, 3, 0, 3, 0, 0]


def test_what_was_there_before_is_not_counted() -> None:
    """A replay's rows were counted by the process that took them."""
    counting = Counting()
    counting.ledger.leaving = lambda head: None
    counting.tell(*life("a", 1.0))
    counting.ledger.freeze(detailed=True)
    counting.ledger.leaving = counting.totals.count
    counting.tell(start("b", HOUR))
    assert counting.entries() == [1, 0, 0, 0, 0, 0]


def test_a_row_is_counted_as_it_was_known() -> None:
    """An operation whose start comes after its end has been counted without a latency, and stays so."""
    counting = Counting()
    counting.tell(change("a", "completed", HOUR + 2, operation_type="add", backend="ipfs"))
    counting.count()
    counting.tell(start("a", HOUR))
    counting.count()
    counted = counting.totals.counted()
    assert counted.entries[counting.number()].tolist() == [1, 0, 0, 1, 0, 0]
    assert counted.buckets.sum() == 0


def test_a_latency_at_a_bound_belongs_below_it() -> None:
    """`le` is less than or equal."""
    counting = Counting()
    counting.tell(*life("a", 0.5), *life("b", 0.5 + 1 / 1024), *life("c", 4000.0))
    counting.count()
    counted = counting.totals.counted()
    at = BOUNDS.index(0.5)
    buckets = counted.buckets[counting.number()].tolist()
    assert (buckets[at], buckets[at + 1], buckets[BUCKETS - 1], sum(buckets)) == (1, 1, 1, 3)
    assert counted.sums[counting.number()] == 0.5 + 0.5 + 1 / 1024 + 4000.0


def test_counts_that_were_given_out_do_not_change() -> None:
    """A scrape tells one instant, however long it takes."""
    counting = Counting()
    counting.tell(*life("a", 1.0))
    counting.count()
    before = counting.totals.counted()
    counting.tell(*life("b", 1.0))
    counting.count()
    counting.tell(*life("c", 1.0, operation_type="pin"))
    counting.count()
    assert before.entries[counting.number()].tolist() == [1, 1, 0, 1, 0, 0]
    assert (before.buckets.sum(), before.sums.sum(), len(before.exemplars)) == (1, 1.0, 1)


latencies = st.one_of(st.sampled_from(BOUNDS), st.floats(0, 5000).map(lambda seconds: math.floor(seconds * 64) / 64))


@given(st.lists(st.lists(st.tuples(latencies, st.sampled_from(["add", "pin"]), st.booleans()), max_size=8), max_size=6))
def test_totals_are_what_counting_by_hand_gives(batches: list[list[tuple[float, str, bool]]]) -> None:
    """For any latencies, in any batches, looked at now and then."""
    counting = Counting()
    expected: dict[tuple[str, int], int] = {}
    for number, batch in enumerate(batches):
        for at, (latency, operation_type, frozen) in enumerate(batch):
            counting.tell(*life(f"{number}-{at}", latency, operation_type=operation_type))
            # As floats have it: the difference of two instants.
            key = operation_type, bisect_left(BOUNDS, HOUR + latency - HOUR)
            expected[key] = expected.get(key, 0) + 1
            if frozen:
                counting.ledger.freeze(detailed=True)
        counting.count()
    buckets = counting.totals.counted().buckets
    names = {counting.number(name): name for name, _ in expected}
    found = {(names[row], column): buckets[row, column] for row, column in zip(*buckets.nonzero(), strict=True)}
    assert found == expected
