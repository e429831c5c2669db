from __future__ import annotations

from typing import Any

import msgspec
import pytest

from telemetryd.hooks.buffer import Buffer
from telemetryd.hooks.conversation import BATCH, LONGEST_REST, MOST_UNACKED, SHORTEST_REST, Conversation
from telemetryd.model.codec import encode_line
from telemetryd.model.events import OPERATION_START


class Talk:
    """A conversation, the buffer behind it, and a daemon of a few lines."""

    def __init__(self, capacity: int = 1 << 20) -> None:
        self.buffer = Buffer(capacity)
        self.conversation = Conversation(self.buffer, "wal")

    def note(self, *operation_ids: object) -> None:
        for at, operation_id in enumerate(operation_ids):
            self.buffer.put((float(at), 0.0, OPERATION_START, operation_id, "add", "ipfs", None))

    def hear(self, now: float = 0.0, **answer: Any) -> None:
        self.conversation.hear(encode_line(answer), now)

    def due(self, now: float = 0.0) -> list[tuple[int, list[str]]]:
        lines = [msgspec.json.decode(line) for line in self.conversation.outbox.due(now)]
        return [(line["batch"], [event["operation_id"] for event in line["events"]]) for line in lines]


@pytest.fixture
def talk() -> Talk:
    """A conversation that the daemon has welcomed."""
    talk = Talk()
    talk.conversation.hello()
    talk.hear(welcome={"last_batch": 0})
    return talk


def hello_of(line: bytes) -> dict[str, Any]:
    return dict(msgspec.json.decode(line)["hello"])


def test_a_hello_waits_for_its_welcome() -> None:
    """It names the producer; the welcome says with which number to begin, and what is wanted."""
    talk = Talk()
    greeted = [talk.conversation.greeted]
    assert hello_of(talk.conversation.hello()) == {"producer": "wal", "version": 1, "dropped": 0}
    greeted.append(talk.conversation.greeted)
    talk.hear(welcome={"last_batch": 4, "enabled": True, "max_line_bytes": 4096})
    greeted.append(talk.conversation.greeted)
    assert greeted == [False, False, True]
    talk.note("a", "b")
    assert talk.conversation.fill() == 2
    assert talk.due() == [(5, ["a", "b"])]


def test_notes_become_batches_of_a_thousand(talk: Talk) -> None:
    """One filling makes at most one batch."""
    talk.note(*map(str, range(BATCH + 1)))
    assert (talk.conversation.fill(), talk.conversation.fill(), talk.conversation.fill()) == (BATCH, 1, 0)
    assert [len(ids) for _, ids in talk.due()] == [BATCH, 1]


def test_nothing_is_taken_while_too_much_is_under_way(talk: Talk) -> None:
    """The outbox is bounded; what comes then stays in the buffer."""
    for number in range(MOST_UNACKED + 1):
        talk.note(str(number))
        talk.conversation.fill()
    assert len(talk.buffer) == 1
    talk.hear(ack=1)
    assert talk.conversation.fill() == 1


def test_unusable_arguments_are_counted_and_cost_nothing_else(talk: Talk) -> None:
    """An event without an id is none; one with an odd size goes without it."""
    talk.note("a", None, 7, "b")
    talk.buffer.put((9.0, 0.0, OPERATION_START, "c", "add", "ipfs", "much"))
    talk.conversation.fill()
    assert talk.due() == [(1, ["a", "b", "c"])]
    assert talk.conversation.invalid.value == 3


def test_what_is_not_wanted_is_discarded(talk: Talk) -> None:
    """From the settings on, and again until they change back; what is under way stays."""
    talk.note("a")
    talk.conversation.fill()
    talk.hear(settings={"enabled": False})
    talk.note("b")
    assert talk.conversation.fill() == 1
    talk.hear(settings={"enabled": True})
    talk.note("c")
    talk.conversation.fill()
    assert talk.due() == [(1, ["a"]), (2, ["c"])]
    assert talk.conversation.discarded.value == 1


def test_a_mark_is_passed_when_all_before_it_is_acknowledged(talk: Talk) -> None:
    """Also where what follows it is not, and at once where nothing is under way."""
    talk.note("a")
    passed = talk.buffer.mark(1.0)
    talk.note("b")
    talk.conversation.fill()
    assert not passed.is_set()
    talk.hear(ack=1)
    assert passed.is_set()
    assert not talk.conversation.finished
    talk.hear(ack=2)
    assert talk.conversation.finished


@pytest.mark.parametrize(
    ("asked", "given"), [(0.0, SHORTEST_REST), (-5.0, SHORTEST_REST), (1.0, 1.0), (1e9, LONGEST_REST)]
)
def test_a_refused_batch_rests_for_a_sensible_time(talk: Talk, asked: float, given: float) -> None:
    """As long as the daemon asks for, within reason."""
    talk.note("a")
    talk.conversation.fill()
    talk.due()
    talk.hear(now=100.0, nack=1, error="disk", retry_after=asked)
    assert talk.due(now=99.99 + given) == []
    assert talk.due(now=100.01 + given) == [(1, ["a"])]


def test_dropped_events_are_told_until_a_welcome_confirms() -> None:
    """A hello that nobody answered told nobody; what was dropped between hello and welcome comes next."""
    talk = Talk(capacity=1)
    talk.note("a", "b", "c")
    assert hello_of(talk.conversation.hello())["dropped"] == 2
    assert hello_of(talk.conversation.hello())["dropped"] == 2
    talk.note("d")
    talk.hear(welcome={})
    assert hello_of(talk.conversation.hello())["dropped"] == 1
    talk.hear(welcome={})
    assert not talk.conversation.dropped_untold
    assert talk.conversation.dropped == 3


def test_dropped_events_wait_for_a_moment_between_batches(talk: Talk) -> None:
    """A hello among unacknowledged batches would have the daemon begin behind them again."""
    talk.note("a")
    talk.conversation.fill()
    talk.buffer.dropped.add()
    assert not talk.conversation.dropped_untold
    talk.hear(ack=1)
    assert talk.conversation.dropped_untold


def test_dropped_events_are_not_told_again_before_the_welcome(talk: Talk) -> None:
    """A daemon that is slow to answer would count them twice."""
    talk.buffer.dropped.add(3)
    assert talk.conversation.dropped_untold
    assert hello_of(talk.conversation.hello())["dropped"] == 3
    assert not talk.conversation.dropped_untold
    talk.hear(welcome={"last_batch": 0})
    assert not talk.conversation.dropped_untold
    talk.buffer.dropped.add()
    assert talk.conversation.dropped_untold


def test_error_lines_are_counted_and_kept(talk: Talk) -> None:
    """Also a line that is none."""
    talk.hear(error="bad event", reason="bad_value")
    assert talk.conversation.complaint == "bad event"
    talk.conversation.hear(b"no json", 0.0)
    assert talk.conversation.errors == 2
