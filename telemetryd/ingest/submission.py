"""What connections hand to the recorder, and how they hear of it again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from telemetryd.model.events import Event


class Respondent(Protocol):
    """Who handed events in and waits to hear what became of them."""

    def acknowledge(self, number: int) -> None:
        """Every batch up to ``number`` is on disk."""

    def refuse(self, number: int, error: str, retry_after: float) -> None:
        """Nothing of batch ``number`` is stored (0: of plain lines); try again after that many seconds."""

    def settled(self, size: int) -> None:
        """``size`` bytes of this respondent's are no longer pending."""


@dataclass(frozen=True, slots=True)
class Submission:
    """Events handed in together: one numbered batch, or plain lines (number 0, no producer).

    ``frame`` is a batch line that holds exactly ``events``; ``size`` is what counts as pending.
    """

    respondent: Respondent
    producer: str
    number: int
    events: Sequence[Event]
    frame: bytes
    size: int
