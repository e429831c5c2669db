"""Hellos of producers that still have batches on the way to the disk."""

from __future__ import annotations

from telemetryd.ingest.producers import Producers
from telemetryd.ingest.submission import Submission
from telemetryd.ingest.welcomes import Welcomes
from telemetryd.model.codec import Hello


class Nobody:
    def acknowledge(self, number: int) -> None: ...

    def refuse(self, number: int, error: str, retry_after: float) -> None: ...

    def settled(self, size: int) -> None: ...


def batch(producer: str, number: int) -> Submission:
    return Submission(Nobody(), producer, number, (), b"", 0)


def test_a_producer_without_batches_on_the_way_is_welcomed_at_once() -> None:
    """With the last batch that is on disk; what it dropped is added up."""
    producers = Producers(10)
    producers.stored("wal", 7)
    told: list[int] = []
    Welcomes(producers).greet(Hello("wal", dropped=3), told.append)
    assert told == [7]
    assert producers.dropped == 3


def test_a_producer_that_came_back_is_welcomed_once_its_batches_are_settled() -> None:
    """It is told of the batch that was on its way, or it would give its number to other events."""
    producers = Producers(10)
    welcomes = Welcomes(producers)
    on_the_way = [batch("wal", 1), batch("wal", 2)]
    for each in on_the_way:
        welcomes.submitted(each)
    told: list[int] = []
    welcomes.greet(Hello("wal"), told.append)
    producers.stored("wal", 1)
    welcomes.settled(on_the_way[:1])
    assert told == []
    producers.stored("wal", 2)
    welcomes.settled(on_the_way[1:])
    assert told == [2]


def test_others_batches_keep_nobody_waiting() -> None:
    """Neither another producer's nor plain lines."""
    welcomes = Welcomes(Producers(10))
    welcomes.submitted(batch("other", 1))
    welcomes.submitted(batch("", 0))
    told: list[int] = []
    welcomes.greet(Hello("wal"), told.append)
    assert told == [0]
