from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from telemetryd.hooks.buffer import Buffer
from telemetryd.hooks.clock import Clock
from telemetryd.hooks.conversation import BATCH, MOST_UNACKED
from telemetryd.hooks.sender import Sender
from telemetryd.hooks.spool import Spool
from telemetryd.hooks.spool_file import SpoolFile
from telemetryd.model.events import OPERATION_START, STATUS_CHANGE
from tests.end_to_end.waiting import until

from .scripted_daemon import Line, ScriptedDaemon, acknowledge


class Wal:
    """Notes operations and wakes the sender, as an emitter does."""

    def __init__(
        self,
        path: str,
        capacity: int = 1 << 20,
        spool: Path | None = None,
        open_file: Callable[[str], SpoolFile] = SpoolFile.open,
        **settings: float,
    ) -> None:
        self.buffer = Buffer(capacity)
        self.now = 0.0
        self.sender = Sender(
            self.buffer,
            Clock(lambda: self.now, lambda: self.now),
            path,
            "wal",
            spool and Spool(str(spool), 1 << 24, open_file),
            **settings,
        )

    def add(self, *operation_ids: object) -> None:
        for operation_id in operation_ids:
            self.now += 1
            self.buffer.put((self.now, 0.0, OPERATION_START, str(operation_id), "add", "ipfs", None))
        if self.sender.asleep:
            self.sender.wake()

    def process(self, operation_id: str) -> None:
        self.now += 1
        self.buffer.put_processing((self.now, 0.0, STATUS_CHANGE, operation_id, "processing", *[None] * 7))

    def flush(self) -> None:
        passed = self.buffer.mark(self.now)
        self.sender.hurry()
        assert passed.wait(60)


@pytest.fixture
def new_wal(stopped_daemon: ScriptedDaemon) -> Iterator[Callable[..., Wal]]:
    made: list[Wal] = []

    def make(**arguments: Any) -> Wal:
        made.append(Wal(stopped_daemon.path, **arguments))
        return made[-1]

    yield make
    for wal in made:
        wal.sender.leave(0)


@pytest.fixture
def wal(new_wal: Callable[..., Wal]) -> Wal:
    return new_wal()


def ids(daemon: ScriptedDaemon) -> list[str]:
    return [event["operation_id"] for event in daemon.events]


def test_the_first_line_is_a_hello_and_batches_follow_its_welcome(daemon: ScriptedDaemon, wal: Wal) -> None:
    """A producer names itself, its version and what it had to drop, then numbers from the last batch on."""
    daemon.welcome = {"last_batch": 41}
    wal.add("a", "b")
    wal.flush()
    assert daemon.hellos == [{"producer": "wal", "version": 1, "dropped": 0}]
    assert daemon.batches[0][0] == 42
    assert ids(daemon) == ["a", "b"]


def test_many_events_travel_in_few_batches(daemon: ScriptedDaemon, wal: Wal) -> None:
    """A batch holds up to a thousand events, and all arrive in order."""
    wal.add(*range(3 * BATCH + 7))
    wal.flush()
    assert max(len(events) for _, events in daemon.batches) <= BATCH
    assert len(daemon.batches) <= 6
    assert ids(daemon) == [str(number) for number in range(3 * BATCH + 7)]


def test_batches_are_split_to_what_the_daemon_takes(daemon: ScriptedDaemon, wal: Wal) -> None:
    """No line is longer than the welcome allows."""
    daemon.welcome = {"max_line_bytes": 4096}
    wal.add(*range(500))
    wal.flush()
    assert len(daemon.batches) > 10
    assert ids(daemon) == [str(number) for number in range(500)]


def test_nothing_counts_as_acknowledged_before_the_daemon_says_so(daemon: ScriptedDaemon, wal: Wal) -> None:
    """Events stay with the sender until their ack."""
    daemon.answers = lambda number: []
    wal.add("a")
    until(lambda: daemon.batches, "a batch")
    assert (
        wal.sender.conversation.outbox.sent,
        wal.sender.conversation.outbox.unacked,
        wal.sender.conversation.outbox.acked,
    ) == (1, 1, 0)
    daemon.say({"ack": 1})
    until(lambda: wal.sender.conversation.outbox.acked == 1, "the ack to be heard")


def test_a_refused_batch_comes_again_with_all_behind_it(daemon: ScriptedDaemon, wal: Wal) -> None:
    """After a nack the daemon gets the refused number and what follows, in order, and loses nothing."""
    refused: list[Line] = []

    def refuse_once(number: int) -> list[Line]:
        # As the daemon does: what follows a refused batch is refused until that one has come again. All are
        # refused in one go, so that none comes again before the last refusal is heard.
        if number == 1 or len(refused) == 3:
            return acknowledge(number)
        refused.append({"nack": number, "error": "no space", "retry_after": 0.1})
        return refused if number == 4 else []

    daemon.answers = refuse_once
    wal.add(*range(4 * BATCH))
    wal.flush()
    assert [number for number, _ in daemon.batches] == [1, 2, 3, 4, 2, 3, 4]
    assert ids(daemon) == [str(number) for number in range(4 * BATCH)]


def test_a_daemon_that_dies_gets_the_rest_when_it_is_back(daemon: ScriptedDaemon, wal: Wal) -> None:
    """What was sent and not acknowledged is sent again, what came meanwhile follows."""
    wal.add("stored")
    wal.flush()
    daemon.answers = lambda number: []
    wal.add("lost on the way")
    until(lambda: len(daemon.batches) == 2, "the second batch")
    daemon.stop()
    until(lambda: not wal.sender.connected, "the loss to be noticed")
    wal.add("noted meanwhile")
    daemon.answers = acknowledge
    daemon.start()
    wal.flush()
    assert ids(daemon) == ["stored", "lost on the way", "noted meanwhile"]
    assert wal.sender.misses >= 1


def test_what_the_daemon_has_is_not_sent_again(daemon: ScriptedDaemon, wal: Wal) -> None:
    """An ack that was lost with the connection is made good by the welcome."""
    daemon.answers = lambda number: []
    wal.add("a")
    until(lambda: daemon.batches, "a batch")
    daemon.stored["wal"] = {1: daemon.batches[0][1]}
    daemon.answers = acknowledge
    daemon.hang_up()
    wal.add("b")
    wal.flush()
    assert [number for number, _ in daemon.batches] == [1, 2]
    assert wal.sender.conversation.outbox.acked == 2


def test_a_daemon_that_comes_late_is_found(stopped_daemon: ScriptedDaemon, wal: Wal) -> None:
    """Without a daemon events wait in the buffer, and the sender goes on trying."""
    wal.add("a")
    until(lambda: wal.sender.misses >= 2, "some attempts")
    assert len(wal.buffer) == 1
    assert "No such file" in wal.sender.trouble
    stopped_daemon.start()
    until(lambda: stopped_daemon.events, "the event", seconds=60)


def test_a_daemon_that_answers_a_hello_with_an_error_is_tried_again(daemon: ScriptedDaemon, wal: Wal) -> None:
    """A daemon with too many connections says so and hangs up; the sender comes back."""
    daemon.hellos_to_refuse = 1
    wal.add("a")
    until(lambda: daemon.events, "the event", seconds=60)
    assert wal.sender.conversation.errors == 1
    assert wal.sender.misses == 1


def test_events_that_are_not_wanted_are_discarded_here(daemon: ScriptedDaemon, wal: Wal) -> None:
    """`enabled: false` stops the sending, `true` resumes it, on the same connection."""
    wal.add("before")
    wal.flush()
    daemon.say({"settings": {"enabled": False}})
    until(lambda: not wal.sender.wanted, "the settings to be heard")
    wal.add("unwanted")
    wal.flush()
    assert wal.sender.conversation.discarded.value == 1
    daemon.say({"settings": {"enabled": True}})
    wal.sender.hurry()
    until(lambda: wal.sender.wanted, "the settings to be heard")
    wal.add("after")
    wal.flush()
    assert ids(daemon) == ["before", "after"]
    assert len(daemon.hellos) == 1


def test_a_welcome_can_say_that_nothing_is_wanted(daemon: ScriptedDaemon, wal: Wal) -> None:
    """Events from before the connection are discarded then."""
    daemon.welcome = {"enabled": False}
    wal.add("a")
    wal.flush()
    assert daemon.batches == []
    assert wal.sender.conversation.discarded.value == 1


def test_error_lines_are_counted_and_nothing_stops(daemon: ScriptedDaemon, wal: Wal) -> None:
    """The daemon's complaint about one event, or what nobody can read, costs nothing else."""
    daemon.answers = lambda number: [{"error": "bad event", "reason": "bad_value"}, {"ack": "?"}, *acknowledge(number)]
    wal.add("a")
    wal.flush()
    wal.add("b")
    wal.flush()
    assert ids(daemon) == ["a", "b"]
    assert wal.sender.conversation.errors == 4
    assert wal.sender.misses == 0


def test_a_daemon_that_is_behind_is_not_flooded(daemon: ScriptedDaemon, wal: Wal) -> None:
    """With enough batches under way nothing more is taken from the buffer, whose bound then holds."""
    daemon.answers = lambda number: []
    wal.add(*range((MOST_UNACKED + 5) * BATCH))
    until(lambda: len(daemon.batches) == MOST_UNACKED, "all that may be under way")
    assert len(wal.sender.conversation.outbox) == MOST_UNACKED
    assert len(wal.buffer) == 5 * BATCH
    daemon.answers = acknowledge
    daemon.say({"ack": MOST_UNACKED})
    wal.flush()
    assert wal.sender.conversation.outbox.acked == (MOST_UNACKED + 5) * BATCH


def test_a_daemon_that_does_not_read_holds_nothing_up_but_the_sending(daemon: ScriptedDaemon, wal: Wal) -> None:
    """Back-pressure ends in the sender; once the daemon reads again, all arrives."""
    wal.add("first")
    wal.flush()
    daemon.readable.clear()
    wal.add(*range(10 * BATCH))
    until(lambda: wal.sender.conversation.outbox.sent > BATCH, "the sender to be stuck in the middle")
    daemon.readable.set()
    wal.flush()
    assert len(ids(daemon)) == 10 * BATCH + 1


def test_dropped_events_are_told_in_the_next_hello_until_a_welcome_confirms(
    stopped_daemon: ScriptedDaemon, new_wal: Callable[..., Wal]
) -> None:
    """The count goes with the hello; the hello after a confirmed one starts from zero again."""
    wal = new_wal(capacity=2)
    wal.add("a", "b", "c", "d")
    stopped_daemon.start()
    wal.flush()
    stopped_daemon.hang_up()
    wal.sender.hurry()
    until(lambda: len(stopped_daemon.hellos) == 2, "a second hello")
    assert [hello["dropped"] for hello in stopped_daemon.hellos] == [2, 0]
    assert wal.sender.conversation.dropped == 2


def test_dropped_events_are_told_on_a_connection_that_holds(
    daemon: ScriptedDaemon, new_wal: Callable[..., Wal]
) -> None:
    """A daemon that is only slow hears of what it made us drop by another hello, between batches."""
    wal = new_wal(capacity=2, report_dropped_every=0.0)
    wal.add("a")
    wal.flush()
    wal.buffer.dropped.add(3)
    wal.sender.hurry()
    until(lambda: len(daemon.hellos) == 2, "a second hello")
    wal.add("b")
    wal.flush()
    assert [hello["dropped"] for hello in daemon.hellos] == [0, 3]
    assert [number for number, _ in daemon.batches] == [1, 2]
    assert wal.sender.misses == 0


def test_the_order_of_an_operation_is_kept(daemon: ScriptedDaemon, wal: Wal) -> None:
    """Start and `processing` leave in the order in which they happened."""
    wal.add("a")
    wal.process("a")
    wal.add("b")
    wal.flush()
    assert [event["event"] for event in daemon.events] == ["operation_start", "status_change", "operation_start"]


def test_leaving_waits_for_the_last_acks_but_not_for_ever(daemon: ScriptedDaemon, wal: Wal) -> None:
    """The thread ends by itself: when all is acknowledged, or when its time is up."""
    wal.add("a")
    wal.sender.leave(60)
    wal.sender.join(60)
    assert not wal.sender.started
    assert ids(daemon) == ["a"]


def test_leaving_without_a_daemon_ends_in_time(stopped_daemon: ScriptedDaemon, wal: Wal) -> None:
    """With nobody there to take the rest the thread ends all the same."""
    wal.add("a")
    wal.sender.leave(0.2)
    wal.sender.join(60)
    assert not wal.sender.started
    assert len(wal.buffer) == 1


def test_a_flush_that_comes_when_the_thread_is_about_to_end_is_told(
    daemon: ScriptedDaemon, new_wal: Callable[..., Wal], short_path: Path
) -> None:
    """It finds a thread, which has had its last look at the buffer: another one looks again."""
    flushed: list[threading.Event] = []

    class Closing(SpoolFile):
        def close(self) -> None:
            SpoolFile.close(self)
            if not flushed:
                flushed.append(wal.buffer.mark(wal.now))
                wal.sender.hurry()

    wal = new_wal(spool=short_path / "spool", open_file=Closing.open)
    wal.add("a")
    wal.sender.leave(60)
    until(lambda: flushed, "the thread to close its spool")
    assert flushed[0].wait(30)
    until(lambda: not wal.sender.started, "its end")
    assert ids(daemon) == ["a"]


@pytest.fixture
def spooling(new_wal: Callable[..., Wal], short_path: Path) -> Wal:
    return new_wal(spool=short_path / "spool")


def test_what_a_daemon_does_not_read_goes_to_the_spool(daemon: ScriptedDaemon, spooling: Wal) -> None:
    """With its socket's buffers full: after a moment of patience everything is there, and the buffer is free."""
    spooling.add("first")
    spooling.flush()
    daemon.readable.clear()
    spooling.add(*range(50 * BATCH))
    supply = spooling.sender.conversation.supply
    # Of two numbers that are read one after the other, each alone may tell what was never so.
    until(lambda: supply.spooled == 50 * BATCH and supply.waiting == 0, "all to be in the spool")
    spooling.add("while it hangs")
    until(lambda: supply.spooled == 50 * BATCH + 1, "that too")
    daemon.readable.set()
    spooling.flush()
    assert ids(daemon) == ["first", *(str(number) for number in range(50 * BATCH)), "while it hangs"]
    assert spooling.sender.misses == 0


def test_a_slow_daemon_gets_everything_in_order(daemon: ScriptedDaemon, spooling: Wal) -> None:
    """One that takes longer than our patience for each batch: what waits for it waits in the spool."""
    supply = spooling.sender.conversation.supply

    def take_your_time(number: int) -> list[Line]:
        if number < 3:
            until(lambda: supply.spooled and not supply.waiting, "our patience to end")
        return acknowledge(number)

    daemon.answers = take_your_time
    for number in range(3):
        spooling.add(*(f"{number}-{each}" for each in range(40 * BATCH)))
        until(lambda number=number: len(daemon.batches) > number, "a batch to be read")  # type: ignore[misc]
    spooling.flush()
    assert ids(daemon) == [f"{number}-{each}" for number in range(3) for each in range(40 * BATCH)]


def test_what_a_daemon_refuses_goes_to_the_spool(daemon: ScriptedDaemon, spooling: Wal) -> None:
    """It comes again from there, under its number, until it is taken."""
    full = threading.Event()
    full.set()

    def refuse_while_full(number: int) -> list[Line]:
        # As the daemon does: what follows a refused batch is refused until that one has come again.
        if full.is_set() or number > 1 + max((max(stored) for stored in daemon.stored.values()), default=0):
            return [{"nack": number, "error": "no space", "retry_after": 0.05}]
        return acknowledge(number)

    daemon.answers = refuse_while_full
    spooling.add("a")
    # What is noted before the welcome goes to the spool as well, and would travel in one batch with "a".
    until(lambda: daemon.batches, "the first to be refused")
    supply = spooling.sender.conversation.supply
    until(lambda: supply.spooled == 1, "the event to be in the spool")
    spooling.add("b")
    until(lambda: supply.spooled == 2, "the next one too")
    full.clear()
    spooling.flush()
    assert ids(daemon) == ["a", "b"]
    (stored,) = daemon.stored.values()
    assert list(stored) == [1, 2]
    assert len([number for number, _ in daemon.batches if number == 1]) > 1


def test_while_there_is_no_daemon_the_spool_fills_between_attempts(
    stopped_daemon: ScriptedDaemon, spooling: Wal
) -> None:
    """However rare these become: what is noted is on disk a moment later."""
    for number in range(10):
        spooling.add(number)
        until(lambda number=number: spooling.sender.conversation.supply.spooled > number, "it")  # type: ignore[misc]
    assert len(spooling.buffer) == 0
    stopped_daemon.start()
    spooling.flush()
    assert ids(stopped_daemon) == [str(number) for number in range(10)]
    assert spooling.sender.conversation.supply.spooled == 0
