"""Which records make a batch: those that were one once are one again, others as many as may be."""

from __future__ import annotations

from telemetryd.hooks.spool_batch import BATCH_EVENTS, Spooled, batch_of, next_records, number_of
from telemetryd.hooks.spool_format import Record

PLAIN = [Record(ordinal, 0, 2, b"{},{}") for ordinal in range(1, 9)]
LONG = 1 << 20


def chosen(records: list[Record], taken: int = 0, longest: int = LONG, **given: tuple[int, int, int]) -> list[int]:
    """Return the ordinals of the next batch."""
    found, end = next_records(((each, 10 * each.ordinal) for each in records), taken, tuple(given.values()), longest)
    assert end == (10 * found[-1].ordinal if found else 0)
    return [each.ordinal for each in found]


def test_a_batch_has_what_was_not_taken_up_to_a_length() -> None:
    """In bytes, and in events; one record at least."""
    assert chosen(PLAIN) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert chosen(PLAIN, 3) == [4, 5, 6, 7, 8]
    assert chosen(PLAIN, 3, 12) == [4, 5]
    assert chosen(PLAIN, 3, 1) == [4]
    assert chosen(PLAIN, 8) == []
    assert chosen([Record(1, 0, BATCH_EVENTS, b""), PLAIN[1]]) == [1]


def test_what_was_given_a_number_is_one_batch_again() -> None:
    """Whatever its length, with what is left of it, and nothing else."""
    assert chosen(PLAIN, 0, 1, first=(1, 3, 17), second=(4, 5, 18)) == [1, 2, 3]
    assert chosen([PLAIN[0], PLAIN[2], PLAIN[3]], 0, 1, first=(1, 3, 17)) == [1, 3]
    assert chosen(PLAIN, 0, LONG, first=(3, 4, 17)) == [1, 2]
    assert number_of(PLAIN[2], ((1, 3, 17),)) == 17
    assert number_of(PLAIN[3], ((1, 3, 17),)) == 0


def test_what_has_a_number_of_its_own_is_a_batch_of_its_own() -> None:
    """It was sent before it was spooled."""
    numbered = Record(2, 9, 1, b"{}")
    assert chosen([PLAIN[0], numbered, PLAIN[2]]) == [1]
    assert chosen([numbered, PLAIN[2]]) == [2]
    assert number_of(numbered, ()) == 9


def test_a_batch_holds_the_events_of_its_records() -> None:
    """As the inside of a list of JSON."""
    assert batch_of(PLAIN[2:4], 5) == Spooled(5, 4, b"{},{},{},{}", 3, 4)
