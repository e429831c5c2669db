"""More than the daemon can take: its memory stays bounded, others are served, and each refusal is a line and a number."""

from __future__ import annotations

import contextlib
import json
import re
import select
import socket
import threading
import time
from collections.abc import Callable, Sequence
from itertools import count

import pytest

from tests.oracle.events import life, start

from .daemon import Daemon
from .test_limits import most_memory
from .waiting import until

# A busy machine may be ten times slower than one that is not.
pytestmark = pytest.mark.timeout(600)
MANY = 2000
MEGABYTE = 1 << 20


@pytest.fixture
def slow_disk(new_daemon: Callable[..., Daemon]) -> Daemon:
    """A daemon whose disk takes 50 ms for each sync."""
    daemon = new_daemon(TELEMETRYD_INGEST_MAX_PENDING_BYTES=4 * MEGABYTE)
    daemon.program = ("-m", "tests.end_to_end.slow_disk", "0.05")
    daemon.start()
    return daemon


def test_producers_faster_than_the_disk_wait_in_their_sockets(slow_disk: Daemon) -> None:
    """Six that send without pause or end: each is stored its share, in order, and what waits is bounded."""
    before = most_memory(slow_disk)
    stop = threading.Event()
    acknowledged = [0] * 6
    threads = [threading.Thread(target=pour, args=(slow_disk, each, stop, acknowledged)) for each in range(6)]
    for thread in threads:
        thread.start()
    until(lambda: min(acknowledged) >= 30, "each to have had thirty batches stored")
    # Meanwhile one that is not in a hurry, and a reader.
    with slow_disk.producer() as calm:
        calm.hello("calm")
        calm.store(1, life("calm", time.time() - 10))
    assert slow_disk.entries("completed") == 1
    stop.set()
    for thread in threads:
        thread.join()
    assert most_memory(slow_disk) - before < 120 * MEGABYTE
    assert slow_disk.entries("pending") >= 100 * sum(acknowledged)


def let_in(daemon: Daemon) -> int:
    """Return how many connections were opened so far."""
    text = daemon.ask("GET", "/metrics").text
    found = re.search(r'^telemetryd_internal_events_total\{event="ConnectionOpened"\} (\d+)', text, re.MULTILINE)
    assert found
    return int(found[1])


def pour(daemon: Daemon, number: int, stop: threading.Event, acknowledged: list[int]) -> None:
    """Send batches of a hundred as fast as the socket takes them, hearing the answers on the side."""
    with daemon.producer() as producer:
        producer.hello(f"pourer {number}")

        def hear() -> None:
            for line in producer.lines():
                acknowledged[number] = line["ack"]

        listener = threading.Thread(target=hear)
        listener.start()
        batch = 0
        while not stop.is_set():
            batch += 1
            now = time.time() - 10
            producer.batch(batch, [start(f"{number} {batch} {each}", now, note="x" * 300) for each in range(100)])
        producer.end()
        listener.join()
        assert acknowledged[number] == batch


def test_thousands_of_connections(new_daemon: Callable[..., Daemon]) -> None:
    """As many as the limit are served, at once; all others hear why not."""
    daemon = new_daemon(TELEMETRYD_INGEST_MAX_CONNECTIONS=MANY // 2)
    daemon.start()
    before = most_memory(daemon)
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(socket.socket(socket.AF_UNIX)) for _ in range(MANY)]
        for connection in connections:
            connection.connect(daemon.socket)
        until(lambda: told(connections) >= MANY // 2, "those beyond the limit to hear of it")
        refused = [each for each in connections if told([each])]
        assert len(refused) == MANY // 2
        assert {json.loads(each.recv(4096))["reason"] for each in refused} == {"too_many_connections"}
        served = [each for each in connections if each not in refused]
        for number, each in enumerate(served):
            each.sendall(json.dumps(start(f"op {number}", time.time() - 10)).encode() + b"\n")
        until(lambda: daemon.entries("pending") == len(served), "every one of them to be served")
    assert most_memory(daemon) - before < 60 * MEGABYTE
    assert daemon.events("connection refused")[-1]["so_far"] == MANY // 2
    with daemon.producer() as producer:
        producer.hello("after")
        producer.store(1, life("after", time.time() - 10))


def told(connections: Sequence[socket.socket]) -> int:
    """Return how many connections the daemon has said something on."""
    poll = select.poll()
    for each in connections:
        poll.register(each, select.POLLIN)
    return len(poll.poll(0))


def test_who_is_gone_keeps_no_slot_while_the_disk_is_stuck(new_daemon: Callable[..., Daemon]) -> None:
    """No socket is read then, and so nobody hears a hang-up: producers that come again and again are let in."""
    daemon = new_daemon(TELEMETRYD_INGEST_MAX_PENDING_BYTES=MEGABYTE, TELEMETRYD_INGEST_MAX_CONNECTIONS=20)
    daemon.program = ("-m", "tests.end_to_end.slow_disk", "0")
    daemon.start()
    stuck = daemon.folder / "stuck"
    with contextlib.ExitStack() as stack:
        pourer = stack.enter_context(daemon.producer())
        pourer.hello("pourer")
        pourer.store(1, life("before", time.time() - 10))
        stuck.touch()
        for batch in range(2, 5):
            pourer.batch(batch, [start(f"{batch}", time.time() - 10, note="x" * 500_000)])
        until(lambda: daemon.books()["in_flight"] >= 3, "more to wait for the disk than may")
        for number in range(200):
            with socket.socket(socket.AF_UNIX) as impatient:
                impatient.connect(daemon.socket)
                if number % 2:
                    impatient.sendall(b'{"hello": {"producer": "impatient %d"}}\n' % number)
                # The log has not a line for each of so many.
                until(lambda at=number: let_in(daemon) > at, "it to be let in")
        assert daemon.books()["connections_refused"] == 0
        patient = stack.enter_context(daemon.producer())
        stuck.unlink()
        pourer.expect_ack(4)
        patient.hello("patient")
        patient.store(1, life("patient", time.time() - 10))


def test_a_byte_at_a_time(daemon: Daemon) -> None:
    """A hundred that send their lines byte by byte keep nobody waiting, and are taken when they are done."""
    slow = [daemon.producer() for _ in range(100)]
    lines = [json.dumps(start(f"slow {number}", time.time() - 10)).encode() + b"\n" for number in range(len(slow))]
    with daemon.producer() as quick:
        quick.hello("quick")
        for at in range(max(map(len, lines))):
            for producer, line in zip(slow, lines, strict=True):
                producer.send(line[at : at + 1])
            if at % 10 == 0:
                quick.store(at // 10 + 1, [start(f"quick {at}", time.time() - 10)])
    until(lambda: daemon.entries("pending") == len(slow) + at // 10 + 1, "all to be stored")
    for producer in slow:
        producer.close()


def test_lines_that_never_end_cost_no_more_than_the_setting(new_daemon: Callable[..., Daemon]) -> None:
    """Fifty that each hold almost a line's worth: those that hold most are told and hung up on, one with little is served."""
    daemon = new_daemon(TELEMETRYD_INGEST_MAX_UNFINISHED_BYTES=8 * MEGABYTE)
    daemon.start()
    before = most_memory(daemon)
    with contextlib.ExitStack() as stack:
        modest = stack.enter_context(daemon.producer())
        modest.hello("modest")
        modest.send(b'{"batch": 1, ')
        endless = [stack.enter_context(daemon.producer()) for _ in range(50)]
        for producer in endless:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                producer.send(b" " * (MEGABYTE - 1))
        until(
            lambda: daemon.books()["rejected_by_reason"].get("too_many_unfinished", 0) >= 42, "those beyond to be told"
        )
        modest.send(json.dumps(life("modest", time.time() - 10)).join(('"events": ', "}\n")).encode())
        modest.expect_ack(1)
    assert most_memory(daemon) - before < 60 * MEGABYTE


def test_answers_that_nobody_reads(daemon: Daemon) -> None:
    """Ten that send batches and read no acknowledgement are cut off before these fill the memory; others are served."""
    before = most_memory(daemon)
    deaf = [threading.Thread(target=send_deaf, args=(daemon, number)) for number in range(10)]
    for thread in deaf:
        thread.start()
    with daemon.producer() as producer:
        producer.hello("hearing")
        for number in range(1, 50):
            producer.store(number, [start(f"{number}", time.time() - 10)])
    for thread in deaf:
        thread.join()
    assert daemon.events("connection cut: its answers are not read")
    assert most_memory(daemon) - before < 200 * MEGABYTE


def test_answers_that_nobody_reads_cost_no_more_than_the_setting(new_daemon: Callable[..., Daemon]) -> None:
    """Hundreds that each leave less unread than one may: those that leave most are cut, one that reads is served."""
    daemon = new_daemon(TELEMETRYD_INGEST_MAX_UNREAD_BYTES=4 * MEGABYTE)
    daemon.start()
    before = most_memory(daemon)
    with contextlib.ExitStack() as stack:
        hearing = stack.enter_context(daemon.producer())
        hearing.hello("hearing")
        deaf = [stack.enter_context(socket.socket(socket.AF_UNIX)) for _ in range(400)]
        for each in deaf:
            each.connect(daemon.socket)
        # Each line is answered with some 2100 bytes: more than half a megabyte a connection, if all were kept.
        lines = (json.dumps({"event": "x" * 2000}).encode() + b"\n") * 400
        for number, each in enumerate(deaf, 1):
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                each.sendall(lines)
            if number % 20 == 0:
                hearing.store(number // 20, [start(f"{number}", time.time() - 10)])
        until(lambda: daemon.books()["connections_cut"] >= 300, "those beyond the setting to be cut")
        hearing.store(21, life("hearing", time.time() - 10))
    assert most_memory(daemon) - before < 60 * MEGABYTE


def send_deaf(daemon: Daemon, number: int) -> None:
    """Send lines that are answered, and read nothing, until the daemon hangs up."""
    with daemon.producer() as producer:
        producer.hello(f"deaf {number}")
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for batch in count(1):
                producer.send(b'{"batch":%d,"events":[17,18,19,20]}\n' % batch * 20)
