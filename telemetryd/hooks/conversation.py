"""What one producer says to the daemon and makes of its answers: without a socket, a thread or a clock."""

from __future__ import annotations

import msgspec

from telemetryd.model.codec import VERSION, encode_line
from telemetryd.model.events import Event

from .answers import read_answer
from .buffer import Buffer
from .clock import Offsets
from .notes import FIRST_ARGUMENT, KIND, Mark, event_of
from .outbox import Outbox
from .tally import Tally

BATCH = 1000  # events
MOST_UNACKED = 32  # batches
MOST_OPERATIONS = 100_000  # in flight, each with the offset of its start
# How long a refused batch rests, whatever the daemon asks for, in s.
SHORTEST_REST = 0.05
LONGEST_REST = 10.0


class Conversation:
    """The state between a buffer of notes and the daemon, over any number of connections.

    ``greeted`` is False from a hello to its welcome, ``enabled`` what the daemon last said about wanting
    events. ``errors`` counts its error lines, ``complaint`` is the last of them; ``invalid`` counts
    arguments that no event can be made of, ``discarded`` events that are not wanted.
    """

    def __init__(self, buffer: Buffer, producer: str) -> None:
        self.producer = producer
        self.outbox = Outbox(MOST_UNACKED)
        self.greeted = False
        self.enabled = True
        self.errors = 0
        self.complaint = ""
        self.invalid = Tally()
        self.discarded = Tally()
        self._buffer = buffer
        self._offsets = Offsets(MOST_OPERATIONS)
        self._dropped_said = 0
        self._dropped_confirmed = 0

    @property
    def dropped(self) -> int:
        """Events that had to be dropped, ever."""
        return self._buffer.dropped.value + self.outbox.dropped

    @property
    def finished(self) -> bool:
        """True when all that was noted is acknowledged, or was not wanted."""
        return not (self._buffer or self.outbox)

    @property
    def dropped_untold(self) -> bool:
        """True when the daemon should hear of dropped events, and no batch is under way that a hello would disturb."""
        return self.dropped != self._dropped_confirmed and not self.outbox

    def hello(self) -> bytes:
        """Return the line that names the producer, with what it dropped and no welcome has confirmed yet."""
        self.greeted = False
        self._dropped_said = self.dropped
        dropped = self._dropped_said - self._dropped_confirmed
        return encode_line({"hello": {"producer": self.producer, "version": VERSION, "dropped": dropped}})

    def hear(self, line: bytes, now: float) -> None:
        """Take in one line of the daemon's; ``now`` is what :meth:`Outbox.due` will be asked with."""
        answer = read_answer(line)
        if answer.ack is not None:
            self.outbox.ack(answer.ack)
        elif answer.nack is not None:
            rest = min(max(answer.retry_after, SHORTEST_REST), LONGEST_REST)
            self.outbox.nack(answer.nack, now + rest)
        elif answer.welcome is not None:
            self.greeted = True
            self.enabled = answer.welcome.enabled
            self._dropped_confirmed = self._dropped_said
            self.outbox.learn(answer.welcome.last_batch, answer.welcome.max_line_bytes)
        elif answer.settings is not None:
            self.enabled = answer.settings.enabled
        elif answer.error is not None:
            self.errors += 1
            self.complaint = answer.error

    def fill(self) -> int:
        """Move notes from the buffer to the outbox, as events; return how many were taken, at most BATCH.

        Nothing is taken while the outbox is full: then the buffer fills, which is bounded.
        """
        if self.outbox.full:
            return 0
        notes = self._buffer.take(BATCH)
        events: list[Event] = []
        for note in notes:
            if note[KIND] is Mark:
                self._add(events)
                events = []
                self.outbox.mark(note[FIRST_ARGUMENT])
            elif not self.enabled:
                self.discarded.add()
            else:
                try:
                    event, unusable = event_of(note, self._offsets)
                except msgspec.ValidationError:
                    self.invalid.add()
                else:
                    events.append(event)
                    if unusable:
                        self.invalid.add(unusable)
        self._add(events)
        return len(notes)

    def _add(self, events: list[Event]) -> None:
        if events:
            self.outbox.add(events)
