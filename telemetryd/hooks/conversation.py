"""What one producer says to the daemon and makes of its answers: without a socket, a thread or a clock."""

from __future__ import annotations

import os
import secrets

from telemetryd.model.codec import VERSION, encode_line

from .answers import read_answer
from .buffer import Buffer
from .outbox import Outbox
from .spool import Spool
from .supply import BATCH, Supply
from .tally import Tally

MOST_UNACKED = 32  # batches
# How long a refused batch rests, whatever the daemon asks for, in s.
SHORTEST_REST = 0.05
LONGEST_REST = 10.0

__all__ = ["BATCH", "LONGEST_REST", "MOST_UNACKED", "SHORTEST_REST", "Conversation"]


class Conversation:
    """The state between a buffer of notes and the daemon, over any number of connections.

    ``greeted`` is False from a hello to its welcome. ``errors`` counts the daemon's error lines,
    ``complaint`` is the last of them.

    With a spool the producer is called by the spool's name, which may be ``producer`` (it is where that is
    ``named`` and nothing waits). While the spool cannot be opened the name is one of no other process, for
    batches are numbered by it; ``spool_trouble`` says why.
    """

    def __init__(self, buffer: Buffer, producer: str, spool: Spool | None = None, *, named: bool = True) -> None:
        self.producer = producer
        self.spool_trouble = ""
        self.outbox = Outbox(MOST_UNACKED)
        self.supply = Supply(buffer, self.outbox, spool)
        self.greeted = False
        self.errors = 0
        self.complaint = ""
        self._buffer = buffer
        self._name = producer
        self._named = named
        self._dropped_said = 0
        self._dropped_confirmed = 0

    @property
    def enabled(self) -> bool:
        """What the daemon last said about wanting events."""
        return self.supply.enabled

    @property
    def invalid(self) -> Tally:
        """Counts arguments that no event can be made of."""
        return self.supply.invalid

    @property
    def discarded(self) -> Tally:
        """Counts events that are not wanted."""
        return self.supply.discarded

    @property
    def dropped(self) -> int:
        """Events that had to be dropped, ever."""
        return self._buffer.dropped.value + self.outbox.dropped + self.supply.lost

    @property
    def finished(self) -> bool:
        """True when all that was noted is acknowledged, or was not wanted."""
        return not (self.supply.waiting or self.supply.spooled or self.outbox)

    @property
    def dropped_untold(self) -> bool:
        """True when the daemon should hear of dropped events, and no batch is under way that a hello would disturb.

        Nor a hello: where its welcome is only late, another one would have the same events counted twice.
        """
        return self.greeted and self.dropped != self._dropped_confirmed and not self.outbox

    def open_spool(self) -> None:
        """Open the spool if there is one and it is not open; not while batches are under way, for they have numbers."""
        spool = self.supply.spool
        if spool is None or spool.opened or self.outbox:
            return
        try:
            self.supply.open(self._name, given=self._named)
        except OSError as error:
            self.spool_trouble = str(error)
            if self.producer == self._name and self._named:
                self.producer = f"{self._name}-{os.getpid()}-{secrets.token_hex(4)}"
        else:
            self.spool_trouble = ""
            self.producer = spool.name

    @property
    def trouble(self) -> str:
        """What is wrong with the spool, or what the last error line said."""
        spool = self.supply.spool
        return self.spool_trouble or (spool.trouble if spool is not None else "") or self.complaint

    def hello(self) -> bytes:
        """Return the line that names the producer, with what it dropped and no welcome has confirmed yet."""
        self.greeted = False
        self._dropped_said = self.dropped
        dropped = self._dropped_said - self._dropped_confirmed
        return encode_line({"hello": {"producer": self.producer, "version": VERSION, "dropped": dropped}})

    def fill(self, *, behind: bool = False) -> int:
        """Move events towards the outbox, as :meth:`Supply.fill` does."""
        return self.supply.fill(behind=behind)

    def hear(self, line: bytes, now: float) -> None:
        """Take in one line of the daemon's; ``now`` is what :meth:`Outbox.due` will be asked with."""
        answer = read_answer(line)
        if answer.ack is not None:
            self.outbox.ack(answer.ack)
            self.supply.settle()
        elif answer.nack is not None:
            rest = min(max(answer.retry_after, SHORTEST_REST), LONGEST_REST)
            self.outbox.nack(answer.nack, now + rest)
        elif answer.welcome is not None:
            self.greeted = True
            self.supply.enabled = answer.welcome.enabled
            self._dropped_confirmed = self._dropped_said
            self.outbox.learn(answer.welcome.last_batch, answer.welcome.max_line_bytes)
            self.supply.settle()
        elif answer.settings is not None:
            self.supply.enabled = answer.settings.enabled
        elif answer.error is not None:
            self.errors += 1
            self.complaint = answer.error
