"""Each producer's batches are stored once, in spite of repeats, refusals and restarts."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from telemetryd.ingest.producers import Producers, Verdict


def judge(producers: Producers, number: int, name: str = "wal") -> Verdict:
    return producers.judge(name, number, producers.named(name).last_batch)


def test_a_new_producer_has_stored_nothing() -> None:
    """Its first batch, whatever the number, is new."""
    producers = Producers(10)
    assert producers.greet("wal", dropped=0).last_batch == 0
    assert judge(producers, 5) is Verdict.STORE


def test_a_batch_that_is_stored_is_a_duplicate_from_then_on() -> None:
    """As is every number below it."""
    producers = Producers(10)
    producers.stored("wal", 5)
    assert [judge(producers, number) for number in (4, 5, 6)] == [Verdict.DUPLICATE, Verdict.DUPLICATE, Verdict.STORE]
    producers.stored("wal", 3)
    assert producers.named("wal").last_batch == 5


def test_a_group_is_judged_as_if_what_came_before_were_stored() -> None:
    """Judging changes nothing: the group may still fail."""
    producers = Producers(10)
    assert producers.judge("wal", 1, last=1) is Verdict.DUPLICATE
    assert producers.judge("wal", 2, last=1) is Verdict.STORE
    assert producers.named("wal").last_batch == 0


def test_after_a_refusal_nothing_later_is_stored_before_what_was_refused() -> None:
    """Or the later one's number would make a duplicate of the refused."""
    producers = Producers(10)
    producers.stored("wal", 1)
    producers.refused("wal", 3)
    producers.refused("wal", 2)
    assert [judge(producers, number) for number in (3, 4)] == [Verdict.REFUSE, Verdict.REFUSE]
    assert judge(producers, 2) is Verdict.STORE
    producers.stored("wal", 2)
    assert judge(producers, 3) is Verdict.STORE


def test_a_refused_duplicate_holds_nothing_up() -> None:
    """It is stored already, and need not come again."""
    producers = Producers(10)
    producers.stored("wal", 5)
    producers.refused("wal", 4)
    assert judge(producers, 6) is Verdict.STORE


def test_a_hello_begins_behind_the_last_batch_on_disk() -> None:
    """A producer that lost what was refused may go on with other batches."""
    producers = Producers(10)
    producers.stored("wal", 1)
    producers.refused("wal", 2)
    assert producers.greet("wal", dropped=0).last_batch == 1
    assert judge(producers, 3) is Verdict.STORE


def test_producers_know_nothing_of_each_other() -> None:
    """Numbers are per producer."""
    producers = Producers(10)
    producers.stored("one", 9)
    producers.refused("two", 1)
    assert judge(producers, 10, "one") is Verdict.STORE
    assert judge(producers, 2, "two") is Verdict.REFUSE


def test_what_producers_dropped_is_summed() -> None:
    """Over all hellos of all producers."""
    producers = Producers(10)
    producers.greet("one", dropped=3)
    producers.greet("two", dropped=0)
    producers.greet("one", dropped=4)
    assert producers.dropped == 7


def test_beyond_the_limit_the_longest_silent_is_forgotten() -> None:
    """Who was heard of lately stays."""
    producers = Producers(2)
    producers.stored("one", 1)
    producers.stored("two", 2)
    producers.named("one")
    producers.stored("three", 3)
    assert producers.state() == [("one", 1), ("three", 3)]
    assert len(producers) == 2


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 9)), max_size=20))
def test_a_checkpoint_restores_names_numbers_and_order(batches: list[tuple[str, int]]) -> None:
    """A restart stores nothing twice, and forgets in the same order."""
    producers = Producers(2)
    for name, number in batches:
        producers.stored(name, number)
    restored = Producers(2)
    restored.restore(producers.state())
    assert restored.state() == producers.state()


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 6), st.booleans()), max_size=60))
def test_a_producer_that_sends_again_what_was_refused_has_each_batch_stored_once(
    attempts: list[tuple[int, bool]],
) -> None:
    """In order of their numbers, however often the disk fails: none twice, none left out."""
    producers = Producers(10)
    on_disk: list[int] = []
    following = 1
    for number, disk_works in attempts:
        number = min(number, following)
        verdict = judge(producers, number)
        if verdict is Verdict.STORE and disk_works:
            producers.stored("wal", number)
            on_disk.append(number)
            following = number + 1
        elif verdict is Verdict.STORE:
            producers.refused("wal", number)
    assert on_disk == list(range(1, len(on_disk) + 1))
