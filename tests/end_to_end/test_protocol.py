"""Protocol version 1, byte by byte."""

from __future__ import annotations

import json
import signal
import socket
import stat
import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.oracle.events import health, life, start

from .daemon import Daemon
from .waiting import until


def test_plain_lines_are_stored_and_answered_by_nothing(daemon: Daemon) -> None:
    """Every line is one event; whoever writes them may just hang up."""
    events = [*life("a", time.time() - 10), health("ipfs", "online", time.time() - 10)]
    with daemon.producer() as lines:
        lines.send(b"".join(json.dumps(event).encode() + b"\n" for event in events))
        lines.end()
        assert list(lines.lines()) == []
    with daemon.producer() as lines:
        lines.send(json.dumps(start("b", time.time())).encode() + b"\n")
    until(lambda: daemon.entries("pending") == 2, "both operations")
    realtime = daemon.get("realtime")
    assert realtime["status_distribution"]["add:ipfs"]["pending"] == 1
    assert realtime["latency"]["add:ipfs"]["count"] == 1


def test_a_hello_is_welcomed(new_daemon: Callable[..., Daemon]) -> None:
    """With the version, the last batch on disk, whether events are wanted and the longest line."""
    daemon = new_daemon(TELEMETRYD_INGEST_MAX_LINE_BYTES=4096)
    daemon.start()
    with daemon.producer() as producer:
        assert producer.hello("wal") == {"version": 1, "last_batch": 0, "enabled": True, "max_line_bytes": 4096}
        producer.store(7, life("a", time.time() - 10))
        producer.send(b'{"batch": 8, "events": [' + b" " * 4096 + b"]}\n")
        producer.expect_error("line_too_long")
    with daemon.producer() as producer:
        assert producer.hello("wal", dropped=3)["last_batch"] == 7
    with daemon.producer() as producer:
        assert producer.hello("another")["last_batch"] == 0


def test_a_line_of_exactly_the_limit_is_taken(new_daemon: Callable[..., Daemon]) -> None:
    """The limit is of the line without its newline; one byte more is too long."""
    daemon = new_daemon(TELEMETRYD_INGEST_MAX_LINE_BYTES=2048)
    daemon.start()
    with daemon.producer() as producer:
        producer.hello("wal")
        for number, excess in ((1, 0), (2, 1)):
            line = json.dumps({"batch": number, "events": life(str(number), time.time() - 10)}).encode()
            producer.send(line[:-1] + b" " * (2048 + excess - len(line)) + b"}\n")
        producer.expect_ack(1)
        producer.expect_error("line_too_long")
    assert daemon.entries("pending") == 1


def test_acknowledged_is_stored(daemon: Daemon) -> None:
    """Killed the moment after each acknowledgement, the daemon has everything that it acknowledged."""
    for number in range(1, 5):
        with daemon.producer() as producer:
            assert producer.hello("wal")["last_batch"] == number - 1
            producer.batch(number, life(f"operation {number}", time.time() - 10))
            producer.expect_ack(number)
            daemon.kill()
        daemon.start()
        assert daemon.entries("completed") == number


def test_an_acknowledged_event_is_in_the_journal(shared_daemon: Daemon) -> None:
    """By the time of the ack its bytes are in a file below the metrics path."""
    with shared_daemon.producer() as producer:
        producer.hello("to be found")
        producer.store(1, [start("find me in the journal", time.time())])
        journals = [path.read_bytes() for path in (shared_daemon.metrics_path / "journal").iterdir()]
    assert any(b"find me in the journal" in content for content in journals)


def test_many_batches_may_be_under_way(shared_daemon: Daemon) -> None:
    """Sent without waiting, all are acknowledged, in rising order, and stored once."""
    with shared_daemon.producer() as producer:
        producer.hello("many")
        for number in range(1, 301):
            producer.batch(number, life(f"many {number}", time.time() - 10, operation_type="many"))
        acks: list[int] = []
        while not acks or acks[-1] < 300:
            acks.append(producer.expect("ack")["ack"])
    assert acks == sorted(set(acks))
    assert shared_daemon.entries("completed", operation_type="many") == 300


def test_producers_have_numbers_of_their_own(daemon: Daemon) -> None:
    """Ten at once, each from 1 upward; plain lines and batches of one connection keep their order."""
    wrong: list[Exception] = []

    def produce(name: str) -> None:
        try:
            with daemon.producer() as producer:
                assert producer.hello(name)["last_batch"] == 0
                for number in range(1, 21):
                    operation = life(f"{name} {number}", time.time() - 10)
                    producer.send_line(operation[0])
                    producer.store(number, operation[1:])
                assert producer.heard == []
        except (AssertionError, OSError) as error:
            wrong.append(error)

    threads = [Thread(target=produce, args=(f"wal {number}",)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert [daemon.entries(status) for status in ("pending", "processing", "completed")] == [200, 200, 200]
    (sample,) = daemon.get("metrics", metric_type="operation_latency", aggregation="count")["metrics"][
        "operation_latency"
    ]["add"]["ipfs"]
    assert sample["value"] == 200


def test_sigterm_drains_and_acknowledges(daemon: Daemon) -> None:
    """What the daemon took is on disk and acknowledged before it exits with 0; the rest can be sent again."""
    batches = {number: life(str(number), time.time() - 10) for number in range(1, 501)}
    with daemon.producer() as producer:
        producer.hello("wal")
        for number, events in batches.items():
            producer.batch(number, events)
        first = producer.expect("ack")["ack"]
        assert daemon.stop() == 0
        acknowledged = max([first, *(line["ack"] for line in producer.lines() if "ack" in line)])
    (books,) = daemon.events("stopped")
    assert books["stored"] == books["received"]
    daemon.start()
    with daemon.producer() as producer:
        last = producer.hello("wal")["last_batch"]
        assert last == acknowledged
        assert daemon.entries("completed") == last
        for number in range(last + 1, 501):
            producer.batch(number, batches[number])
        if last < 500:
            producer.expect_ack(500)
    assert daemon.entries("completed") == 500


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_an_idle_daemon(daemon: Daemon, number: signal.Signals) -> None:
    """With 0, with connections open, and without its socket left behind."""
    with daemon.producer() as producer:
        producer.hello("wal")
        daemon.signal(number)
        assert daemon.wait() == 0
        assert list(producer.lines()) == []
    assert not Path(daemon.socket).exists()
    assert "Traceback" not in daemon.log


def test_the_socket_is_for_its_user_and_group_only(shared_daemon: Daemon) -> None:
    """Others can neither read nor write it."""
    mode = Path(shared_daemon.socket).stat().st_mode
    assert stat.S_ISSOCK(mode)
    assert mode & stat.S_IRWXO == 0


def test_a_stale_socket_is_replaced(daemon: Daemon) -> None:
    """A daemon that was killed leaves its socket file; the next one takes its place."""
    before = Path(daemon.socket).stat().st_ino
    daemon.kill()
    assert Path(daemon.socket).exists()
    with pytest.raises(ConnectionRefusedError):
        daemon.producer()
    daemon.start()
    assert Path(daemon.socket).stat().st_ino != before
    with daemon.producer() as producer:
        producer.hello("wal")


def test_a_live_socket_is_not_stolen(daemon: Daemon, new_daemon: Callable[..., Daemon]) -> None:
    """A second daemon, with a folder of its own, ends with a sentence that names the socket."""
    second = new_daemon()
    second.socket = daemon.socket
    second.launch()
    assert second.wait() == 1
    assert daemon.socket in second.log
    assert "Traceback" not in second.log
    with daemon.producer() as producer:
        producer.hello("wal")
        producer.store(1, life("a", time.time() - 10))


def test_a_file_in_the_place_of_the_socket_is_not_removed(new_daemon: Callable[..., Daemon]) -> None:
    """The daemon ends with a sentence and leaves it alone."""
    daemon = new_daemon()
    Path(daemon.socket).write_text("precious")
    daemon.launch()
    assert daemon.wait() == 1
    assert daemon.socket in daemon.log
    assert Path(daemon.socket).read_text() == "precious"


def test_without_hooks_there_is_no_socket(new_daemon: Callable[..., Daemon]) -> None:
    """With operation_hooks off the API answers and nothing can come in."""
    daemon = new_daemon(IPFS_KIT_TELEMETRY_HOOKS="false")
    daemon.start()
    assert not Path(daemon.socket).exists()
    assert daemon.get("realtime")["success"] is True
    assert daemon.stop() == 0


def test_more_connections_than_the_limit_are_told(new_daemon: Callable[..., Daemon]) -> None:
    """The surplus one gets a line and is hung up on; the others go on."""
    daemon = new_daemon(TELEMETRYD_INGEST_MAX_CONNECTIONS=2)
    daemon.start()
    with daemon.producer() as first, daemon.producer() as second:
        first.hello("first")
        second.hello("second")
        with daemon.producer() as third:
            (line,) = third.lines()
            assert line["reason"] == "too_many_connections"
        first.store(1, life("a", time.time() - 10))


def test_events_wait_for_the_disk_in_the_sockets(new_daemon: Callable[..., Daemon]) -> None:
    """More bytes than may be pending, sent by a producer that never waits, are all stored: the daemon reads slower."""
    daemon = new_daemon(TELEMETRYD_INGEST_MAX_PENDING_BYTES=1 << 20)
    daemon.start()
    filler: dict[str, Any] = {"error": "x" * 800}
    with daemon.producer() as producer:
        producer.hello("wal")
        for number in range(1, 13):
            events = [{**start(f"{number} {each}", time.time() - 10), **filler} for each in range(900)]
            producer.batch(number, events)
        producer.expect_ack(12)
        assert producer.heard == []
    assert daemon.entries("pending") == 12 * 900


def test_the_http_api_can_listen_on_a_unix_socket(new_daemon: Callable[..., Daemon]) -> None:
    """With unix:/path for an address, HTTP is spoken there."""
    daemon = new_daemon()
    path = daemon.folder / "api.sock"
    daemon.launch("--http", f"unix:{path}")
    until(lambda: daemon.events("serving"), "the daemon to serve")
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(30)
        client.connect(str(path))
        client.sendall(b"GET /-/ready HTTP/1.1\r\nHost: local\r\nConnection: close\r\n\r\n")
        assert b" 200 " in client.recv(4096)
    assert daemon.stop() == 0
