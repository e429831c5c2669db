"""The listener owns the socket's file and the room that all connections share."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from telemetryd.ingest.listener import Listener, listening, refusing
from telemetryd.instrumentation import Instrumentation
from telemetryd.model.errors import FolderInUse

from .intake import HOUR, Intake
from .speaking import Client, turns, until

START = {
    "event": "operation_start",
    "operation_id": "a",
    "operation_type": "add",
    "backend": "ipfs",
    "timestamp": HOUR + 1.0,
}
CHANGE = {"event": "status_change", "operation_id": "a", "status": "completed", "timestamp": HOUR + 2.0}
# The smallest limit there is, and a batch that three of are above it.
ROOM = 1 << 20
BIG = [START | {"more": "x" * 400_000}]


@pytest.fixture
def path(short_path: Path) -> Path:
    return short_path / "run" / "ingest.sock"


@pytest.fixture
async def listener(intake: Intake, path: Path) -> AsyncIterator[Listener]:
    """A listener over an intake that is prepared and does not record yet."""
    await intake.prepare()
    listener = Listener(intake.recorder, lambda: intake.settings, intake.instrumentation, intake.clock)
    async with listening(listener, path, None):
        yield listener
    listener.close()


async def test_events_come_in_and_are_acknowledged(listener: Listener, intake: Intake, path: Path) -> None:
    """Plain lines and batches, on connections of their own."""
    intake.record()
    plain, producer = await Client.connect(path), await Client.connect(path)
    await producer.hello("wal")
    producer.write({"batch": 1, "events": [START]})
    assert await producer.answer() == {"ack": 1}
    plain.write(CHANGE)
    # Rows can be read a moment before they are in the books.
    await until(lambda: intake.instrumentation.books == {"received": 2, "stored": 2})
    assert len(intake.rows()) == 2
    assert listener.connections == 2


async def test_a_producer_that_comes_back_hears_what_is_on_disk(listener: Listener, intake: Intake, path: Path) -> None:
    """And what it sends again is not stored again."""
    intake.record()
    for _ in range(2):
        producer = await Client.connect(path)
        await producer.hello("wal")
        producer.write({"batch": 1, "events": [START]})
        assert await producer.answer() == {"ack": 1}
        producer.close()
    assert (await (await Client.connect(path)).hello("wal"))["last_batch"] == 1
    assert len(intake.rows()) == 1


async def test_who_sends_a_batch_and_ends_hears_of_it(listener: Listener, intake: Intake, path: Path) -> None:
    """A shell script that pipes a hello and a batch gets its acknowledgement."""
    producer = await Client.connect(path)
    await producer.hello("wal")
    producer.write({"batch": 1, "events": [START]})
    answered = asyncio.create_task(producer.end())
    await until(lambda: listener._pending)
    intake.record()
    assert await answered == b'{"ack":1}\n'


async def test_while_too_much_is_pending_no_connection_is_read(listener: Listener, intake: Intake, path: Path) -> None:
    """That is the back-pressure: its bound is the setting's, and it ends when the disk has caught up."""
    intake.set("ingest", max_pending_bytes=ROOM)
    producers = [await Client.connect(path) for _ in range(3)]
    for number, producer in enumerate(producers):
        await producer.hello(f"wal-{number}")
        producer.write(*({"batch": batch, "events": BIG} for batch in range(1, 11)))
    await until(lambda: listener._pending > ROOM)
    # What one connection has in hand at that moment is still taken.
    assert ROOM < listener._pending < 2 * ROOM
    intake.record()
    for producer in producers:
        while (await producer.answer())["ack"] < 10:
            pass
    assert len(intake.rows()) == 30


async def test_who_connects_while_nothing_is_read_waits_too(listener: Listener, intake: Intake, path: Path) -> None:
    """The bound holds for newcomers."""
    intake.set("ingest", max_pending_bytes=ROOM)
    producer = await Client.connect(path)
    await producer.hello("wal")
    producer.write(*({"batch": batch, "events": BIG} for batch in range(1, 5)))
    await until(lambda: listener._pending > ROOM)
    pending = listener._pending
    newcomer = await Client.connect(path)
    newcomer.write(START)
    await until(lambda: listener.connections == 2)
    await turns()
    assert listener._pending == pending
    intake.record()
    await until(lambda: len(intake.rows()) == 5)


async def test_after_stopping_nothing_more_is_read(listener: Listener, intake: Intake, path: Path) -> None:
    """Also when what was taken before is answered: a drain comes to an end."""
    producer = await Client.connect(path)
    await producer.hello("wal")
    producer.write({"batch": 1, "events": [START]})
    await until(lambda: listener._pending)
    listener.stop_reading()
    producer.write({"batch": 2, "events": [CHANGE]})
    intake.record()
    assert await producer.answer() == {"ack": 1}
    await turns()
    assert intake.instrumentation.books == {"received": 1, "stored": 1}


async def test_one_connection_too_many_is_told_and_hung_up_on(listener: Listener, intake: Intake, path: Path) -> None:
    """The others do not notice; when one goes there is room again."""
    intake.set("ingest", max_connections=1)
    first = await Client.connect(path)
    await first.hello()
    second = await Client.connect(path)
    assert (await second.answer())["reason"] == "too_many_connections"
    assert await second.rest() == b""
    assert intake.instrumentation.counts["ConnectionRefused"] == 1
    first.close()
    await until(lambda: listener.connections == 0)
    await (await Client.connect(path)).hello()


async def test_producers_hear_when_events_are_not_wanted(listener: Listener, intake: Intake, path: Path) -> None:
    """Those that said hello; plain lines hear nothing. The next hello is told too."""
    plain, producer = await Client.connect(path), await Client.connect(path)
    await producer.hello("wal")
    await until(lambda: listener.connections == 2)
    for enabled in (False, True):
        intake.set("telemetry", enabled=enabled)
        listener.tell_settings()
        assert await producer.answer() == {"settings": {"enabled": enabled}}
    intake.set("telemetry", enabled=False)
    assert (await producer.hello("wal"))["enabled"] is False
    assert await plain.end() == b""


async def test_closing_hangs_up_on_everyone(listener: Listener, path: Path) -> None:
    """After their last answers."""
    producer = await Client.connect(path)
    await producer.hello("wal")
    listener.close()
    assert await producer.rest() == b""
    await until(lambda: listener.connections == 0)


async def test_the_sockets_file_goes_at_the_end(listener: Listener, short_path: Path) -> None:
    """Nothing is left, in its place or aside."""
    path = short_path / "other" / "ingest.sock"
    async with listening(listener, path, None):
        assert sorted(each.name for each in path.parent.iterdir()) == ["ingest.sock", "ingest.sock.lock"]
    assert list(path.parent.iterdir()) == []


async def test_a_live_socket_is_not_stolen(listener: Listener, path: Path) -> None:
    """Its daemon goes on listening."""
    with pytest.raises(FolderInUse, match="in use"):
        async with listening(listener, path, None):
            pass
    await (await Client.connect(path)).hello()


async def test_another_daemons_socket_in_our_place_is_left_there(listener: Listener, short_path: Path) -> None:
    """Only a file of our own is removed."""
    path = short_path / "ours.sock"
    async with listening(listener, path, None):
        path.unlink()
        path.write_text("theirs")
    assert path.read_text() == "theirs"


async def test_an_inherited_socket_is_served_and_its_file_stays(listener: Listener, short_path: Path) -> None:
    """It is systemd's."""
    path = short_path / "systemd.sock"
    inherited = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    inherited.bind(str(path))
    inherited.listen()
    inherited.setblocking(False)
    async with listening(listener, path, inherited):
        await (await Client.connect(path)).hello()
        assert not path.with_name("systemd.sock.lock").exists(), "nothing is bound, so nothing is locked"
    assert path.is_socket()


async def test_lines_that_never_end_are_bounded_in_all_connections_together(
    listener: Listener, intake: Intake, path: Path
) -> None:
    """Who holds most of them is told and hung up on; the others go on."""
    intake.record()
    intake.set("ingest", max_unfinished_bytes=ROOM)
    modest, larger, largest = [await Client.connect(path) for _ in range(3)]
    modest.write(json.dumps(START).encode())
    larger.write(b" " * (ROOM // 4))
    # However its bytes arrive, it holds most when there are too many.
    largest.write(b" " * (ROOM - ROOM // 4))
    assert b'"reason":"too_many_unfinished"' in await largest.rest()
    assert listener.connections == 2
    modest.write(b"\n")
    await until(lambda: len(intake.rows()) == 1)
    larger.write(b"\n", CHANGE)
    await until(lambda: len(intake.rows()) == 2)


async def test_answers_that_nobody_reads_are_bounded_in_all_connections_together(
    listener: Listener, intake: Intake, path: Path
) -> None:
    """Who leaves most of them unread is cut, as many as it takes; who reads is served, and what was read counts no more."""
    intake.record()
    intake.set("ingest", max_unread_bytes=ROOM)
    reading = await Client.connect(path)
    await reading.hello("reading")
    deaf = [await Client.connect(path) for _ in range(8)]
    for each in deaf:
        each.writer.transport.pause_reading()  # type: ignore[attr-defined]
    await until(lambda: listener.connections == 9)
    for number in range(1, 200):
        for each in deaf:
            each.write(*[b"x\n"] * 500)
        reading.write({"batch": number, "events": []})
        assert await reading.answer() == {"ack": number}
        assert listener.unread <= ROOM
        if intake.instrumentation.counts["ConnectionCut"] >= 6:
            break
    assert intake.instrumentation.counts["ConnectionCut"] >= 6
    for each in deaf:
        each.close()
    await until(lambda: listener.connections == 1)
    assert listener.unread == 0


async def test_who_is_gone_keeps_no_slot_while_nobody_is_read(listener: Listener, intake: Intake, path: Path) -> None:
    """Silent ones and producers, welcomed or not, make room for others; who is there, or left plain lines, stays."""
    intake.set("ingest", max_pending_bytes=ROOM, max_connections=7)
    pourer = await Client.connect(path)
    await pourer.hello("pourer")
    welcomed, silent = await Client.connect(path), await Client.connect(path)
    await welcomed.hello("welcomed")
    for number in (1, 2, 3):
        pourer.write({"batch": number, "events": BIG})
    await until(lambda: listener.paused)
    unheard, plain, there = [await Client.connect(path) for _ in range(3)]
    await until(lambda: listener.connections == 6)
    welcomed.write({"batch": 1, "events": [START]})
    unheard.write({"hello": {"producer": "unheard"}}, {"batch": 1, "events": [START]})
    plain.write(START)
    ended = await Client.connect(path)
    ended.writer.write_eof()
    await until(lambda: listener.connections == 7)
    for each in (welcomed, silent, unheard, plain):
        each.close()
        await each.writer.wait_closed()
    later = [await Client.connect(path) for _ in range(3)]
    await until(lambda: listener.connections == 7)
    assert b'"reason":"too_many_connections"' in await (await Client.connect(path)).rest()
    intake.record()
    for number, each in enumerate((*later, there)):
        await each.hello(f"later {number}")
    assert await ended.rest() == b""
    await until(lambda: len(intake.rows()) == 4)


@pytest.mark.parametrize("idle", range(10))
async def test_a_producer_that_comes_back_leaves_nothing_unread_behind(
    listener: Listener, intake: Intake, path: Path, idle: int
) -> None:
    """Whichever connection is read first: a batch that the old one holds unread never takes the number of a new one."""
    intake.set("ingest", max_pending_bytes=ROOM)
    pourer, old = await Client.connect(path), await Client.connect(path)
    await old.hello("wal")
    await pourer.hello("pourer")
    for number in (1, 2, 3):
        pourer.write({"batch": number, "events": BIG})
    await until(lambda: listener.paused)
    old.write({"batch": 1, "events": [START]})
    old.close()
    # Where in the event loop's tables a connection lies depends on what there is besides.
    others = [await Client.connect(path) for _ in range(idle)]
    await turns()
    new = await Client.connect(path)
    new.write({"hello": {"producer": "wal"}})
    await turns()
    intake.record()
    last = (await new.answer())["welcome"]["last_batch"]
    new.write({"batch": last + 1, "events": [START | {"operation_id": "new"}]})
    assert await new.answer() == {"ack": last + 1}
    assert [row[-1] for row in intake.rows()].count("new") == 1
    for each in others:
        each.close()


async def test_where_no_events_are_taken_whoever_connects_is_told(short_path: Path) -> None:
    """At once, and hung up on; also who had connected before the daemon was there."""
    instrumentation, path = Instrumentation(), short_path / "ingest.sock"
    with socket.socket(socket.AF_UNIX) as inherited:
        inherited.bind(str(path))
        inherited.listen()
        inherited.setblocking(False)
        early = await Client.connect(path)
        async with refusing(inherited, instrumentation):
            for each in (early, await Client.connect(path)):
                assert (await each.answer())["reason"] == "hooks_disabled"
                assert await each.rest() == b""
                each.close()
        assert instrumentation.counts["HooksRefused"] == 2
        assert path.is_socket()
