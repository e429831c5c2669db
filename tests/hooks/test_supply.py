"""Events go straight to the outbox or by the spool; either way each arrives once, in order, whatever dies in between."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import Any

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from telemetryd.hooks.buffer import Buffer
from telemetryd.hooks.conversation import Conversation
from telemetryd.hooks.spool import Spool
from telemetryd.hooks.spool_file import PAGE
from telemetryd.hooks.spool_trouble import PATIENCE
from telemetryd.hooks.supply import BATCH
from telemetryd.model.codec import encode_line
from telemetryd.model.events import OPERATION_START
from tests.disk.memory import in_memory

from .bad_disk import BadDisk

LIMIT = 1 << 20
SECTOR = 512


class Store:
    """What a daemon has: the last batch, and every event in the order it was stored."""

    def __init__(self) -> None:
        self.last_batch = 0
        self.ids: list[str] = []

    def take(self, line: bytes) -> int:
        batch = msgspec.json.decode(line)
        if batch["batch"] > self.last_batch:
            self.last_batch = batch["batch"]
            self.ids += [event["operation_id"] for event in batch["events"]]
        return int(batch["batch"])


class Process:
    """One life of a WAL's process: a buffer, a conversation, the spool at ``path``; no thread and no socket."""

    def __init__(self, path: Path, capacity: int = 1 << 20, limit: int = LIMIT) -> None:
        self.buffer = Buffer(capacity)
        self.disk = BadDisk(path)
        self.now = 0.0
        self.spool = Spool(str(path), limit, self.disk.open, lambda: self.now)
        self.conversation = Conversation(self.buffer, "wal", self.spool)
        self.conversation.open_spool()
        self.supply = self.conversation.supply

    def note(self, *ids: object) -> None:
        for each in ids:
            self.buffer.put((1.0, 0.0, OPERATION_START, str(each), "add", "ipfs", None))

    def connect(self, store: Store) -> None:
        self.conversation.hello()
        self.hear(welcome={"last_batch": store.last_batch})
        self.conversation.outbox.reconnected()

    def hear(self, **answer: object) -> None:
        self.conversation.hear(encode_line(answer), 0.0)

    def due(self, *, behind: bool = False) -> list[bytes]:
        self.conversation.fill(behind=behind)
        return self.conversation.outbox.due(0.0)

    def exchange(self, store: Store) -> None:
        """Send and acknowledge until nothing is left."""
        while not self.conversation.finished:
            for line in self.due():
                self.hear(ack=store.take(line))

    def die(self) -> None:
        """SIGKILL: what is in memory is gone, and the lock with it."""
        self.spool.abandon()


@pytest.fixture
def path() -> Iterator[Path]:
    with in_memory() as folder:
        yield folder / "spool"


@pytest.fixture
def process(path: Path) -> Iterator[Process]:
    made = Process(path)
    yield made
    made.die()


def test_while_the_daemon_keeps_up_the_spool_stays_empty(process: Process) -> None:
    """Nothing is written to it that can be sent at once."""
    process.connect(Store())
    process.note("a")
    assert len(process.due()) == 1
    assert (process.spool.last, process.supply.spooled) == (0, 0)


def test_what_is_put_away_is_sent_by_the_next_process(process: Process, path: Path) -> None:
    """In its order, before anything new."""
    process.note("a", "b")
    assert process.supply.put_away()
    assert (process.supply.waiting, process.supply.spooled) == (0, 2)
    process.die()
    again, store = Process(path), Store()
    again.note("c")
    again.connect(store)
    again.exchange(store)
    assert store.ids == ["a", "b", "c"]
    again.die()


def test_what_was_sent_and_not_acknowledged_is_put_away_under_its_number(process: Process, path: Path) -> None:
    """The daemon stored it, the process died before it heard so, and the next one sends nothing twice."""
    store = Store()
    process.connect(store)
    process.note("a")
    for line in process.due():
        store.take(line)
    process.note("b")
    process.supply.put_away()
    process.die()
    again = Process(path)
    again.connect(store)
    again.exchange(store)
    assert store.ids == ["a", "b"]
    again.die()


def test_a_daemon_that_is_behind_sends_events_to_the_spool(process: Process) -> None:
    """Beyond what may be under way; they leave it in order."""
    store = Store()
    process.connect(store)
    unheard: list[bytes] = []
    for number in range(50):
        process.note(number)
        unheard += process.due(behind=number > 20)
    assert process.supply.spooled > 0
    for line in unheard:
        process.hear(ack=store.take(line))
    process.exchange(store)
    assert store.ids == [str(number) for number in range(50)]


def test_a_buffer_half_full_makes_room_in_the_spool(path: Path) -> None:
    """Before anything has to be dropped, however long the daemon is taken for slow only."""
    process = Process(path, capacity=100)
    process.connect(Store())
    for number in range(40):
        process.note(number)
        process.due()
    process.note(*range(51))
    process.conversation.fill()
    assert process.supply.waiting == 0
    assert process.supply.spooled == 51 + 40
    process.die()


def test_a_full_spool_leaves_events_in_the_buffer(path: Path) -> None:
    """Where the rule of the buffer decides what is dropped."""
    process = Process(path, capacity=2000, limit=1 << 16)
    process.note(*range(2000))
    assert not process.supply.put_away()
    assert process.supply.spooled > 0
    assert process.supply.spooled + process.supply.waiting == 2000
    assert "full" in process.conversation.trouble
    store = Store()
    process.connect(store)
    process.exchange(store)
    assert store.ids == [str(number) for number in range(2000)]
    assert process.conversation.dropped == 0
    process.die()


def test_a_mark_waits_for_all_that_is_spooled_before_it(process: Process) -> None:
    """Flushing means acknowledged, by whatever way."""
    process.note("a")
    process.supply.put_away()
    passed = process.buffer.mark(2.0)
    process.supply.put_away()
    store = Store()
    process.connect(store)
    lines = process.due()
    assert not passed.is_set()
    process.hear(ack=store.take(lines[0]))
    assert passed.is_set()
    process.die()


def test_a_mark_behind_nothing_is_passed_at_once(process: Process) -> None:
    """An empty spool keeps nobody waiting."""
    passed = process.buffer.mark(2.0)
    process.supply.put_away()
    assert passed.is_set()


def test_closing_leaves_everything_in_the_spool(process: Process, path: Path) -> None:
    """Also what is under way; the count says so."""
    process.connect(Store())
    process.note("a", "b")
    process.due()
    process.note("c")
    process.supply.close()
    assert not process.spool.opened
    assert (process.supply.spooled, process.conversation.outbox.unacked, process.supply.waiting) == (3, 0, 0)
    again, store = Process(path), Store()
    again.connect(store)
    again.exchange(store)
    assert store.ids == ["a", "b", "c"]
    again.die()


def test_a_second_process_goes_by_a_name_of_its_own(process: Process, path: Path) -> None:
    """Without the spool, until it can be had: then it takes the name and the events that wait."""
    second = Process(path)
    assert second.conversation.producer.startswith("wal-")
    assert "in use" in second.conversation.trouble
    assert not second.supply.put_away()
    process.note("a")
    process.supply.put_away()
    store = Store()
    second.connect(store)
    second.note("b")
    lines = second.due()
    process.die()
    second.conversation.open_spool()
    assert not second.spool.opened, "a batch is under way, under the other name"
    second.hear(ack=store.take(lines[0]))
    second.conversation.open_spool()
    assert (second.conversation.producer, second.conversation.trouble) == ("wal", "")
    under_the_name = Store()
    second.connect(under_the_name)
    second.exchange(under_the_name)
    assert (store.ids, under_the_name.ids) == (["b"], ["a"])
    second.die()


def test_spooled_events_are_sent_in_large_batches(process: Process) -> None:
    """One at a time they came, a thousand at a time they go."""
    for number in range(BATCH + 1):
        process.note(number)
        process.supply.put_away()
    process.connect(Store())
    assert len(process.due()) == 2


def test_a_read_that_fails_costs_no_event(process: Process) -> None:
    """Nor the connection: what was read is sent, the rest stays in the spool until it can be read."""
    store = Store()
    process.note(*range(5000))
    process.supply.put_away()
    process.connect(store)
    process.disk.fails, process.disk.good_reads = {"read"}, 250
    for _ in range(3):
        for line in process.due():
            process.hear(ack=store.take(line))
        assert len(store.ids) + process.supply.spooled == 5000
    assert 0 < len(store.ids) < 5000
    assert "cannot be read" in process.conversation.trouble
    process.disk.heal()
    process.exchange(store)
    assert store.ids == [str(number) for number in range(5000)]
    assert process.conversation.trouble == ""


@pytest.mark.parametrize("fails", ["state", "sync"])
def test_what_has_no_number_on_disk_is_not_sent(process: Process, path: Path, fails: str) -> None:
    """So it is stored once, by this process or the next."""
    store = Store()
    process.note("a")
    process.supply.put_away()
    process.connect(store)
    process.disk.fails = {fails}
    assert process.due() == []
    assert (process.supply.spooled, process.conversation.trouble != "") == (1, True)
    process.die()
    again = Process(path)
    again.connect(store)
    again.exchange(store)
    assert store.ids == ["a"]
    again.die()


class Lives(RuleBasedStateMachine):
    """Processes that note, send, are killed and lose power, and daemons that store, answer and are replaced."""

    def __init__(self) -> None:
        super().__init__()
        self.held = ExitStack()
        self.path = self.held.enter_context(in_memory()) / "spool"
        self.stores = [Store()]
        self.process = Process(self.path)
        self.connected = False
        self.count = 0
        self.in_memory: set[str] = set()
        self.safe: set[str] = set()

    def teardown(self) -> None:
        try:
            self.process.disk.heal()
            self.process.connect(self.stores[-1])
            self.process.exchange(self.stores[-1])
            for store in self.stores:
                assert len(store.ids) == len(set(store.ids)), "stored twice"
                assert store.ids == sorted(store.ids, key=int), "out of order"
            assert self.safe <= {each for store in self.stores for each in store.ids}, "lost"
        finally:
            self.process.die()
            self.held.close()

    @rule(count=st.integers(1, 40), put_away=st.booleans())
    def note(self, count: int, put_away: bool) -> None:
        ids = [str(self.count + each) for each in range(count)]
        self.count += count
        self.process.note(*ids)
        self.in_memory.update(ids)
        if put_away:
            assert self.process.supply.put_away()
            if not self.process.disk.fails:
                self.safe |= self.in_memory
            self.in_memory.clear()

    @rule(behind=st.booleans(), arrive=st.integers(0, 3), answered=st.integers(0, 3))
    def exchange(self, behind: bool, arrive: int, answered: int) -> None:
        """The daemon gets the first few lines, and the process hears of fewer of them; where some were lost, so is the connection."""
        if not self.connected:
            self.process.connect(self.stores[-1])
        lines = self.process.due(behind=behind)
        self.connected = len(lines) <= arrive
        for number in [self.stores[-1].take(line) for line in lines[:arrive]][:answered]:
            self.process.hear(ack=number)

    @rule(fails=st.sets(st.sampled_from(["read", "state", "sync"])), good_reads=st.integers(0, 9))
    def fail(self, fails: set[str], good_reads: int) -> None:
        """The disk, until this changes or the process does."""
        self.process.disk.fails, self.process.disk.good_reads = fails, good_reads

    @rule(seed=st.none() | st.integers(0, 2**32))
    def die(self, seed: int | None) -> None:
        """By SIGKILL, or with the whole machine: then of what was written since the last sync any sector may be on disk or not."""
        self.process.die()
        if seed is not None:
            choose = random.Random(seed)
            synced, now = self.process.disk.synced, self.path.read_bytes()
            size = choose.choice((len(synced), len(now)))
            content = bytearray(size)
            for at in range(0, size, SECTOR):
                sector = choose.choice((synced, now))[at : at + SECTOR]
                content[at : at + len(sector)] = sector[: size - at]
            self.path.write_bytes(content)
        self._begin_again()

    @precondition(lambda self: self.in_memory)
    @rule()
    def end(self) -> None:
        self.process.disk.heal()
        self.process.supply.close()
        self.safe |= self.in_memory
        self._begin_again()

    @precondition(lambda self: len(self.stores[-1].ids) > 50)
    @rule()
    def replace_the_daemon(self) -> None:
        self.stores.append(Store())
        self.connected = False

    def _begin_again(self) -> None:
        self.in_memory.clear()
        self.connected = False
        self.process = Process(self.path)


TestLives = Lives.TestCase
TestLives.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)


def test_what_a_bad_disk_has_lost_is_told_with_the_dropped_and_keeps_no_flush_waiting(tmp_path: Path) -> None:
    """What is behind it goes on; a flush after it is told as soon as nothing before it waits any more."""
    process, store = Process(tmp_path / "spool"), Store()
    process.note(*range(300))
    assert process.supply.put_away()
    flushed = process.buffer.mark(2.0)
    assert process.supply.put_away()
    process.disk.pages = {process.spool._end // PAGE}
    process.connect(store)
    for _ in range(6):
        for line in process.due():
            process.hear(ack=store.take(line))
        process.now += PATIENCE
    assert flushed.is_set() and process.conversation.finished
    lost = 300 - len(store.ids)
    assert 0 < lost < 100
    assert process.conversation.dropped == lost
    assert json.loads(process.conversation.hello())["hello"]["dropped"] == lost


@pytest.mark.parametrize("behind", [False, True], ids=["to the outbox", "to the spool"])
def test_an_event_on_its_way_is_counted_at_every_moment(tmp_path: Path, behind: bool) -> None:
    """Another thread that looks finds none that is nowhere: it would take it for safe, or for lost."""
    process = Process(tmp_path / "spool")
    process.connect(Store())
    process.note(*range(10))
    counted: list[int] = []

    def look(frame: FrameType, event: str, argument: object) -> Any:
        if frame.f_code.co_filename.endswith(("hooks/buffer.py", "hooks/supply.py", "hooks/outbox.py")):
            waiting = process.supply.waiting
            counted.append(waiting + process.conversation.outbox.unacked + process.supply.spooled)
            return look
        return None

    before = sys.gettrace()
    sys.settrace(look)
    try:
        (process.supply.put_away if behind else process.supply.fill)()
    finally:
        sys.settrace(before)
    assert min(counted) >= 10
    assert (process.supply.waiting, process.supply.spooled) == (0, 10 if behind else 0)
