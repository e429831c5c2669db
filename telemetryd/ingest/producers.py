"""Producers by name: their last batch on disk, and what becomes of the next one."""

from __future__ import annotations

import enum
from collections import OrderedDict
from collections.abc import Iterable


class Verdict(enum.Enum):
    """What becomes of a batch."""

    STORE = "store"
    DUPLICATE = "duplicate"
    DISCARD = "discard"
    REFUSE = "refuse"


class Producer:
    """One producer: ``last_batch`` on disk, and the batch that has to come again, if any."""

    __slots__ = ("awaited", "last_batch", "name")

    def __init__(self, name: str, last_batch: int = 0) -> None:
        self.name = name
        self.last_batch = last_batch
        self.awaited: int | None = None


class Producers:
    """The table of producers, bounded: beyond ``limit`` the longest silent one is forgotten.

    Judging is tentative until :meth:`stored`: a group of batches is judged before it is written.
    ``dropped`` sums what producers said they had to drop.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._producers: OrderedDict[str, Producer] = OrderedDict()
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._producers)

    def named(self, name: str) -> Producer:
        """Return the producer of that name, known or new, as the one heard of last."""
        producer = self._producers.get(name)
        if producer is None:
            producer = self._producers[name] = Producer(name)
            while len(self._producers) > self._limit:
                self._producers.popitem(last=False)
        self._producers.move_to_end(name)
        return producer

    def greet(self, name: str, dropped: int) -> Producer:
        """A producer says hello: it may start again behind its last batch on disk."""
        producer = self.named(name)
        producer.awaited = None
        self.dropped += dropped
        return producer

    def judge(self, name: str, number: int, last: int) -> Verdict:
        """Return what becomes of batch ``number``, where ``last`` is the last one stored or about to be."""
        awaited = self.named(name).awaited
        if awaited is not None and last < awaited < number:
            return Verdict.REFUSE
        return Verdict.STORE if number > last else Verdict.DUPLICATE

    def stored(self, name: str, number: int) -> None:
        """A batch is on disk, or was discarded on purpose: it need not come again."""
        producer = self.named(name)
        producer.last_batch = max(producer.last_batch, number)
        if producer.awaited is not None and number >= producer.awaited:
            producer.awaited = None

    def refused(self, name: str, number: int) -> None:
        """A batch could not be stored: later ones are refused until it comes again, or the last would hide it."""
        producer = self.named(name)
        producer.awaited = number if producer.awaited is None else min(producer.awaited, number)

    def state(self) -> list[tuple[str, int]]:
        """Return names and last batches, the longest silent first, for a checkpoint."""
        return [(name, producer.last_batch) for name, producer in self._producers.items()]

    def restore(self, state: Iterable[tuple[str, int]]) -> None:
        """Fill the table from a checkpoint."""
        for name, last_batch in state:
            self.named(name).last_batch = last_batch
