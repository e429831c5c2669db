"""Which records of a spool make a batch, and under which number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from .spool_format import Record

# A batch made of several records has at most so many.
BATCH_EVENTS = 1000

# (first ordinal, last ordinal, number) of each batch that was made of records.
Given: TypeAlias = Sequence[tuple[int, int, int]]


@dataclass(frozen=True, slots=True)
class Spooled:
    """Events of the records ``first`` to ``last``, to be sent as the batch ``number``."""

    number: int
    events: int
    body: bytes
    first: int
    last: int


def batch_of(records: Sequence[Record], number: int) -> Spooled:
    """Return records as one batch."""
    body = b",".join(each.body for each in records)
    return Spooled(number, sum(each.events for each in records), body, records[0].ordinal, records[-1].ordinal)


def number_of(record: Record, given: Given) -> int:
    """Return the number that a record has, of its own or of a batch that was made of it, or 0."""
    return record.number or _given_to(record.ordinal, given)


def next_records(
    records: Iterable[tuple[Record, int]], taken: int, given: Given, longest: int
) -> tuple[list[Record], int]:
    """Return the records after the ordinal ``taken`` that make the next batch, and where they end; 0 without any.

    Those that were given one number are one batch again, whatever their size; others have at most
    ``longest`` bytes together.
    """
    chosen: list[Record] = []
    size = events = position = 0
    for record, end in records:
        if record.ordinal <= taken:
            # Dealt with before this process began.
            continue
        size, events = size + len(record.body) + 1, events + record.events
        if chosen:
            known = _given_to(record.ordinal, given)
            if record.number or chosen[0].number or known != _given_to(chosen[0].ordinal, given):
                break
            if not known and (size > longest or events > BATCH_EVENTS):
                break
        chosen.append(record)
        position = end
    return chosen, position


def _given_to(ordinal: int, given: Given) -> int:
    return next((number for first, last, number in given if first <= ordinal <= last), 0)
