"""One connection speaks protocol version 1, and a bad line costs nothing but itself."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from telemetryd.ingest.connection import MAX_UNREAD, Connection
from telemetryd.ingest.peer import Peer
from telemetryd.ingest.submission import Submission
from telemetryd.instrumentation import Instrumentation
from telemetryd.model.codec import Batch, Hello, decode_frame
from telemetryd.model.events import BackendHealthChange, OperationStart, StatusChange

from .intake import Quiet
from .speaking import Client, until

NOW = 1_700_000_000.0
START = {
    "event": "operation_start",
    "operation_id": "a",
    "operation_type": "add",
    "backend": "ipfs",
    "timestamp": NOW,
}
CHANGE = {"event": "status_change", "operation_id": "a", "status": "completed", "timestamp": NOW}
HEALTH = {"event": "backend_health_change", "backend": "s3", "new_status": "online", "timestamp": NOW}
OLD = CHANGE | {"timestamp": NOW - 40 * 86400}


class Desk:
    """An intake that keeps what is submitted until a test answers it."""

    max_line_bytes = 4096
    enabled = True
    paused = False
    retention_days = 30

    def __init__(self) -> None:
        self.log = Quiet()
        self.instrumentation = Instrumentation(self.log)
        self.submissions: list[Submission] = []
        self.pending = 0
        self.held = 0
        self.owed = 0
        self.connections: list[Connection] = []
        self.hellos: list[Hello] = []
        self.gone: list[Connection] = []
        self.last_batch = 0
        self.allows = True

    def admits(self, peer: Peer, connected: Any) -> bool:
        return self.allows

    def now(self) -> float:
        return NOW

    def greet(self, hello: Hello, welcome: Callable[[int], None]) -> None:
        self.hellos.append(hello)
        welcome(self.last_batch)

    def submit(self, submission: Submission) -> None:
        self.submissions.append(submission)
        self.pending += submission.size

    def settled(self, size: int) -> None:
        self.pending -= size

    def connect(self) -> Connection:
        self.connections.append(Connection(self))
        return self.connections[-1]

    def holds(self, change: int) -> None:
        self.held += change

    def owes(self, change: int) -> None:
        self.owed += change

    def closed(self, connection: Connection) -> None:
        self.gone.append(connection)

    async def next(self) -> Submission:
        """Wait for a submission and take it."""
        await until(lambda: self.submissions)
        return self.submissions.pop(0)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
async def client(desk: Desk, short_path: Path) -> AsyncIterator[Client]:
    path = short_path / "ingest.sock"
    server = await asyncio.get_running_loop().create_unix_server(desk.connect, str(path))
    client = await Client.connect(path)
    yield client
    client.close()
    server.close()


async def test_a_plain_line_is_submitted_as_one_event(desk: Desk, client: Client) -> None:
    """For no producer and with no number; its frame holds it as a batch does."""
    client.write(START)
    submission = await desk.next()
    assert (submission.producer, submission.number) == ("", 0)
    assert submission.events == [OperationStart("a", "add", "ipfs", NOW)]
    assert decode_frame(submission.frame) == Batch(1, list(submission.events))


async def test_plain_lines_that_arrive_together_are_submitted_together(desk: Desk, client: Client) -> None:
    """In their order."""
    client.write(START, CHANGE, HEALTH)
    submission = await desk.next()
    assert [type(event) for event in submission.events] == [OperationStart, StatusChange, BackendHealthChange]
    batch = decode_frame(submission.frame)
    assert isinstance(batch, Batch) and batch.events == submission.events


async def test_a_line_may_come_in_pieces(desk: Desk, client: Client) -> None:
    """It is an event when its newline comes."""
    client.write(b'{"event": "status_change", "operation_id": "a", ')
    await asyncio.sleep(0)
    client.write(b'"status": "failed", "timestamp": 1700000000}', b"\n")
    assert (await desk.next()).events == [StatusChange("a", "failed", NOW)]


async def test_a_hello_is_welcomed(desk: Desk, client: Client) -> None:
    """With the last batch on disk and what the daemon wants and takes."""
    desk.last_batch = 16
    assert await client.hello("wal-1", dropped=3) == {
        "version": 1,
        "last_batch": 16,
        "enabled": True,
        "max_line_bytes": 4096,
    }
    assert desk.hellos == [Hello("wal-1", 1, 3)]


async def test_a_batch_is_submitted_as_it_came(desk: Desk, client: Client) -> None:
    """Its line is its frame: nothing is encoded anew."""
    await client.hello("wal-1")
    client.write({"batch": 1, "events": [START, CHANGE]})
    submission = await desk.next()
    assert (submission.producer, submission.number, len(submission.events)) == ("wal-1", 1, 2)
    assert decode_frame(submission.frame) == Batch(1, list(submission.events))
    assert submission.size == len(submission.frame)


async def test_answers_are_lines(desk: Desk, client: Client) -> None:
    """An acknowledgement, a refusal of a batch, and one of plain lines."""
    await client.hello()
    client.write({"batch": 1, "events": []})
    respondent = (await desk.next()).respondent
    respondent.acknowledge(1)
    respondent.refuse(2, "the disk is full", 1.0)
    respondent.refuse(0, "the disk is full", 1.0)
    assert await client.answer() == {"ack": 1}
    assert await client.answer() == {"nack": 2, "error": "the disk is full", "retry_after": 1.0}
    assert await client.answer() == {"error": "the disk is full", "reason": "storage_unavailable"}


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b"hello?\n", "not_json"),
        (b'{"event": "status_change"\n', "not_json"),
        (b"[1, 2]\n", "not_an_object"),
        ({"event": "nonsense"}, "unknown_event"),
        ({"event": "operation_start"}, "missing_field"),
        (CHANGE | {"status": "done"}, "bad_status"),
        (CHANGE | {"timestamp": "now"}, "bad_value"),
        (OLD, "too_old"),
        (CHANGE | {"timestamp": NOW + 301}, "too_far_ahead"),
        (b"x" * 5000 + b"\n", "line_too_long"),
        ({"hello": {"producer": "wal", "version": 2}}, "bad_hello"),
        ({"hello": {}}, "bad_hello"),
        ({"batch": 1, "events": [START]}, "no_hello"),
        ({"batch": -1, "events": []}, "bad_batch"),
        (b'{"more":' + b"[" * 4000 + b"\n", "too_deep"),
    ],
)
async def test_a_bad_line_is_answered_counted_and_costs_nothing_else(
    desk: Desk, client: Client, bad: Any, reason: str
) -> None:
    """The lines around it are taken, and the connection lives on."""
    client.write(START, bad, HEALTH)
    answer = await client.answer()
    assert set(answer) == {"error", "reason"} and answer["reason"] == reason
    events: list[Any] = []
    while len(events) < 2:
        events += (await desk.next()).events
    assert [type(event) for event in events] == [OperationStart, BackendHealthChange]
    assert desk.instrumentation.rejected == {reason: 1}
    assert desk.instrumentation.books["received"] == 3
    assert desk.instrumentation.in_flight == 2


async def test_bad_events_of_a_batch_are_answered_and_the_others_submitted(desk: Desk, client: Client) -> None:
    """One line for each bad one; the frame holds exactly the good ones."""
    await client.hello()
    client.write({"batch": 1, "events": [START, {"event": "nonsense"}, OLD, HEALTH, CHANGE | {"status": 7}]})
    reasons = [(await client.answer())["reason"] for _ in range(3)]
    assert sorted(reasons) == ["bad_status", "too_old", "unknown_event"]
    submission = await desk.next()
    assert [type(event) for event in submission.events] == [OperationStart, BackendHealthChange]
    assert decode_frame(submission.frame) == Batch(1, list(submission.events))
    assert desk.instrumentation.in_flight == 2


async def test_a_batch_of_bad_events_alone_is_still_submitted(desk: Desk, client: Client) -> None:
    """Its number has to be remembered and acknowledged, or it would come for ever."""
    await client.hello()
    client.write({"batch": 1, "events": [OLD]})
    submission = await desk.next()
    assert (submission.number, list(submission.events)) == (1, [])
    assert decode_frame(submission.frame) == Batch(1, [])


async def test_bad_plain_lines_alone_are_not_submitted(desk: Desk, client: Client) -> None:
    """There is nothing to answer for."""
    client.write(OLD)
    assert (await client.answer())["reason"] == "too_old"
    assert desk.submissions == []


async def test_a_gap_in_the_numbers_is_told_and_stored_all_the_same(desk: Desk, client: Client) -> None:
    """What is lost is lost at the other end."""
    desk.last_batch = 4
    await client.hello()
    client.write({"batch": 5, "events": [START]}, {"batch": 8, "events": [START]})
    answer = await client.answer()
    assert answer["reason"] == "batch_gap" and "expected 6, found 8" in answer["error"]
    assert [(await desk.next()).number for _ in range(2)] == [5, 8]
    assert desk.instrumentation.counts["BatchGap"] == 1


async def test_plain_lines_and_batches_keep_their_order(desk: Desk, client: Client) -> None:
    """On one connection, lines are submitted as they came."""
    await client.hello()
    client.write(START, {"batch": 1, "events": [CHANGE]}, HEALTH)
    assert [(await desk.next()).number for _ in range(3)] == [0, 1, 0]


async def test_half_a_line_at_the_end_is_told(desk: Desk, client: Client) -> None:
    """It is no event."""
    client.write(START, b'{"event": "status')
    answered = asyncio.create_task(client.end())
    (await desk.next()).respondent.settled(desk.pending)
    assert b'"reason":"incomplete_line"' in await answered
    assert desk.instrumentation.rejected == {"incomplete_line": 1}


async def test_a_line_that_has_not_ended_is_held(desk: Desk, client: Client) -> None:
    """Until it ends, or its sender goes: so much is counted all the while."""
    client.write(b" " * 1000)
    await until(lambda: desk.held == 1000)
    client.write(b"\n" + b" " * 10)
    await until(lambda: desk.held == 10)
    client.close()
    await until(lambda: desk.held == 0 and desk.gone)


async def test_who_holds_too_much_is_told_and_hung_up_on(desk: Desk, client: Client) -> None:
    """And nothing of its line is held any more; what it submitted before is recorded."""
    client.write(START)
    await desk.next()
    client.write(b" " * 1000)
    await until(lambda: desk.held == 1000)
    desk.connections[0].give_up(4096)
    assert desk.held == 0
    assert b'"reason":"too_many_unfinished"' in await client.rest()
    assert desk.instrumentation.rejected == {"too_many_unfinished": 1}
    assert desk.instrumentation.balance()["in_flight"] == 1


async def test_who_sends_no_more_still_hears_the_answers(desk: Desk, client: Client) -> None:
    """The connection stays until what was submitted is answered, and then hangs up."""
    await client.hello()
    client.write({"batch": 1, "events": [START]})
    answered = asyncio.create_task(client.end())
    submission = await desk.next()
    await until(lambda: submission.respondent._ended)  # type: ignore[attr-defined]
    assert not answered.done()
    submission.respondent.acknowledge(1)
    submission.respondent.settled(submission.size)
    assert await answered == b'{"ack":1}\n'
    await until(lambda: desk.gone)
    assert desk.pending == 0


async def test_who_sends_no_more_and_waits_for_nothing_is_hung_up_on(desk: Desk, client: Client) -> None:
    """As socat expects."""
    assert await client.end() == b""
    await until(lambda: desk.gone)


async def test_who_has_gone_costs_nothing(desk: Desk, client: Client) -> None:
    """What it submitted is recorded; its answers go nowhere."""
    await client.hello()
    client.write({"batch": 1, "events": [START]})
    submission = await desk.next()
    client.close()
    await until(lambda: submission.respondent._ended)  # type: ignore[attr-defined]
    submission.respondent.acknowledge(1)
    submission.respondent.settled(submission.size)
    await until(lambda: desk.gone)
    assert desk.pending == 0


async def test_who_does_not_read_its_answers_is_cut(desk: Desk, client: Client) -> None:
    """Or its answers would fill the daemon's memory."""
    client.writer.transport.pause_reading()  # type: ignore[attr-defined]
    written = 0
    while not desk.gone and written < 64 * MAX_UNREAD:
        client.write(*[b"x\n"] * 1000)
        written += 2000
        await asyncio.sleep(0)
    await until(lambda: desk.gone)
    assert desk.instrumentation.counts["ConnectionCut"] == 1
    assert desk.owed == 0


async def test_what_is_owed_to_a_peer_is_told_until_it_is_read(desk: Desk, client: Client) -> None:
    """Not what the kernel has taken; all of it arrives, in order, also where the connection is closed meanwhile."""
    client.writer.transport.pause_reading()  # type: ignore[attr-defined]
    await until(lambda: desk.connections)
    (connection,) = desk.connections
    await until(lambda: connection._transport)
    said = 0
    while desk.owed < MAX_UNREAD // 2:
        said += 1
        connection.acknowledge(said)
    connection.close()
    client.writer.transport.resume_reading()  # type: ignore[attr-defined]
    assert await client.rest() == b"".join(b'{"ack":%d}\n' % number for number in range(1, said + 1))
    await until(lambda: desk.gone)
    assert desk.owed == 0
    assert desk.instrumentation.counts["ConnectionCut"] == 0


async def test_the_process_at_the_other_end_is_in_the_log(desk: Desk, client: Client) -> None:
    """By the kernel's word, not its own."""
    await client.hello("wal-1")
    told = dict(desk.log.lines)
    for line in ("connection opened", "producer attached"):
        assert (told[line]["pid"], told[line]["uid"], told[line]["gid"]) == (os.getpid(), os.getuid(), os.getgid())
    assert told["producer attached"]["producer"] == "wal-1"


async def test_who_is_not_on_the_list_is_told_and_the_others_go_on(
    desk: Desk, client: Client, short_path: Path
) -> None:
    """One line with the reason, and the end; it is counted, and costs those who were let in nothing."""
    await client.hello("wal-1")
    desk.allows = False
    told = json.loads(await (await Client.connect(short_path / "ingest.sock")).rest())
    assert told["reason"] == "peer_not_allowed"
    assert f"user {os.getuid()}" in told["error"]
    assert desk.instrumentation.counts["PeerRefused"] == 1
    assert dict(desk.log.lines)["peer refused"]["pid"] == os.getpid()
    assert len(desk.gone) == 1 and desk.instrumentation.books["received"] == 0
    client.write(START)
    assert len((await desk.next()).events) == 1
