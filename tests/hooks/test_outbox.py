from __future__ import annotations

import threading

import msgspec

from telemetryd.hooks.outbox import Outbox
from telemetryd.model.events import StatusChange


def events(count: int, error: str | None = None) -> list[StatusChange]:
    return [StatusChange(str(number), "failed", 1.0, error=error) for number in range(count)]


def numbers(lines: list[bytes]) -> list[int]:
    return [msgspec.json.decode(line)["batch"] for line in lines]


def outbox(batches: int = 0, last_batch: int = 0, limit: int = 8, max_line_bytes: int = 1 << 20) -> Outbox:
    made = Outbox(limit)
    made.learn(last_batch, max_line_bytes)
    for _ in range(batches):
        made.add(events(2))
    return made


def test_numbers_begin_behind_what_the_daemon_has() -> None:
    """A producer that starts again goes on where its name left off."""
    assert numbers(outbox(batches=2, last_batch=16).due(0)) == [17, 18]


def test_a_line_is_due_once() -> None:
    """What was handed out is not handed out again."""
    box = outbox(batches=2)
    assert len(box.due(0)) == 2
    assert box.due(0) == []
    assert (box.sent, box.unacked, box.acked) == (4, 4, 0)


def test_an_ack_is_for_all_batches_up_to_its_number() -> None:
    """One ack settles several batches, and never those behind it."""
    box = outbox(batches=3)
    box.due(0)
    box.ack(2)
    assert (len(box), box.unacked, box.acked) == (1, 2, 4)
    box.ack(2)
    assert box.acked == 4


def test_a_refused_batch_and_all_behind_it_are_sent_again_in_order() -> None:
    """Go back to the refused number, after the wait that was asked for; what follows is refused as well."""
    box = outbox(batches=4)
    box.due(0)
    box.ack(1)
    box.nack(2, resume_at=5.0)
    box.nack(3, resume_at=5.5)
    assert box.due(5.2) == []
    assert numbers(box.due(5.5)) == [2, 3, 4]
    assert box.sent == 8, "events count as sent once"


def test_the_refusal_of_a_batch_that_is_stored_changes_nothing() -> None:
    """A late refusal of an acknowledged batch is not for us."""
    box = outbox(batches=2)
    box.due(0)
    box.ack(2)
    box.nack(1, resume_at=9.0)
    box.add(events(1))
    assert numbers(box.due(0)) == [3]


def test_a_new_connection_gets_all_that_is_not_on_disk() -> None:
    """The welcome settles what the daemon has; the rest is sent again, with its own numbers."""
    box = outbox(batches=3)
    box.due(0)
    box.nack(3, resume_at=100.0)
    box.learn(2, 1 << 20)
    box.reconnected()
    assert numbers(box.due(0)) == [3]
    assert box.acked == 4


def test_a_store_that_is_behind_does_not_turn_numbers_back() -> None:
    """A daemon with a fresh folder gets what it lacks under the numbers that come."""
    box = outbox(batches=2, last_batch=40)
    box.ack(42)
    box.learn(0, 1 << 20)
    box.add(events(1))
    assert numbers(box.due(0)) == [43]


def test_a_store_that_is_ahead_is_not_given_numbers_that_it_has() -> None:
    """A batch is never taken for one that somebody of our name sent."""
    box = outbox(batches=1)
    box.ack(1)
    box.learn(9, 1 << 20)
    box.add(events(1))
    assert numbers(box.due(0)) == [10]


def test_lines_are_no_longer_than_the_daemon_takes() -> None:
    """A batch is split until every line fits, in order and without a loss."""
    box = outbox(max_line_bytes=1024)
    box.add(events(100))
    lines = box.due(0)
    assert all(len(line) <= 1024 + 1 for line in lines)
    assert numbers(lines) == list(range(1, len(lines) + 1))
    ids = [event["operation_id"] for line in lines for event in msgspec.json.decode(line)["events"]]
    assert ids == [str(number) for number in range(100)]


def test_an_event_that_fits_no_line_is_dropped_and_counted() -> None:
    """It takes nothing else with it."""
    box = outbox(max_line_bytes=1024)
    box.add([*events(1), *events(1, error="x" * 1024), *events(1)])
    assert box.dropped == 1
    assert box.unacked == 2


def test_batches_that_a_new_daemon_would_skip_are_dropped_and_counted() -> None:
    """A line over the limit is never acknowledged: it must not wait for ever."""
    box = outbox()
    box.add(events(100))
    box.add(events(1))
    passed = threading.Event()
    box.mark(passed)
    box.learn(0, 1024)
    box.reconnected()
    assert (box.dropped, box.unacked) == (100, 1)
    assert numbers(box.due(0)) == [2]
    box.ack(2)
    assert passed.is_set()


def test_it_says_when_it_is_full() -> None:
    """Full from its limit on, until something is acknowledged."""
    box = outbox(batches=3, limit=3)
    assert box.full
    box.ack(1)
    assert not box.full


def test_marks_are_passed_when_all_before_them_is_on_disk() -> None:
    """At once where nothing is under way, else with the ack of the last batch before."""
    box = outbox()
    at_once, later = threading.Event(), threading.Event()
    box.mark(at_once)
    assert at_once.is_set()
    box.add(events(1))
    box.mark(later)
    box.add(events(1))
    assert box.waited_for
    box.ack(1)
    assert later.is_set()
    assert not box.waited_for
