"""Hellos of producers that still have batches on the way to the disk.

A producer that died and came back must not be told of a last batch that is about to be
overtaken: it would give the next one's number to other events.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeAlias

from telemetryd.model.codec import Hello

from .producers import Producers
from .submission import Submission

Welcome: TypeAlias = Callable[[int], None]


class Welcomes:
    """Answers each hello as soon as nothing of its producer is pending."""

    def __init__(self, producers: Producers) -> None:
        self._producers = producers
        self._pending: Counter[str] = Counter()
        self._waiting: list[tuple[Hello, Welcome]] = []

    def greet(self, hello: Hello, welcome: Welcome) -> None:
        """Call ``welcome`` with the producer's last batch on disk, now or when its batches are settled."""
        self._waiting.append((hello, welcome))
        self._answer()

    def submitted(self, submission: Submission) -> None:
        """A batch is on its way."""
        if submission.number:
            self._pending[submission.producer] += 1

    def settled(self, group: Sequence[Submission]) -> None:
        """These are stored, or refused."""
        for each in group:
            if each.number:
                self._pending[each.producer] -= 1
                if not self._pending[each.producer]:
                    del self._pending[each.producer]
        if self._waiting:
            self._answer()

    def _answer(self) -> None:
        waiting, self._waiting = self._waiting, []
        for hello, welcome in waiting:
            if hello.producer in self._pending:
                self._waiting.append((hello, welcome))
            else:
                welcome(self._producers.greet(hello.producer, hello.dropped).last_batch)
