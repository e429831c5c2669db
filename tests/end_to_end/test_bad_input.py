"""Bad input costs one answer and one count: the good events around it are stored."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.oracle.events import change, health, life, start

from .daemon import Daemon
from .producer import Producer
from .waiting import until

NEVER = "the bad one"
DAY = 86_400


class Bench:
    """A producer beside a daemon, with operations of a type that no other test has.

    It has stored batch 1, one operation that ended; ``good`` counts the good operations it has sent.
    """

    def __init__(self, daemon: Daemon, producer: Producer, name: str) -> None:
        self.daemon = daemon
        self.producer = producer
        self.name = name
        self.good = 0
        producer.hello(name)
        producer.store(1, self.life())

    def life(self) -> list[dict[str, Any]]:
        """Return the events of one more good operation that ends."""
        self.good += 1
        return life(f"{self.name} {self.good}", time.time() - 10, operation_type=self.name)

    def entries(self) -> list[int]:
        """Return how many of its operations have started, were processed, and have completed."""
        statuses = ("pending", "processing", "completed")
        return [self.daemon.entries(status, operation_type=self.name) for status in statuses]

    def assert_only_the_good_are_stored(self, number: int = 2) -> None:
        """The connection takes one more batch and has said nothing else; what is stored is every good operation."""
        self.producer.store(number, self.life())
        assert self.producer.heard == []
        assert self.entries() == [self.good] * 3
        assert self.daemon.ask("GET", f"operations/{NEVER}").status_code == 404


@pytest.fixture
def bench(shared_daemon: Daemon) -> Iterator[Bench]:
    """A bench at the daemon that the tests of this module share."""
    with shared_daemon.producer() as producer:
        yield Bench(shared_daemon, producer, uuid.uuid4().hex)


def lines_that_are_no_frame() -> list[Any]:
    """Return lines, and the reason each is refused for."""
    now = time.time()
    return [
        pytest.param(b"this is not JSON", "not_json", id="not JSON"),
        pytest.param(b'{"event": "operation_start", "operation_id"', "not_json", id="cut off"),
        pytest.param(b"\xff\xfe{}", "not_json", id="not text"),
        pytest.param(b'{"event": "status_change", "operation_id": "\xff"}', "not_utf8", id="not UTF-8"),
        pytest.param(b"[1, 2]", "not_an_object", id="a list"),
        pytest.param(b"null", "not_an_object", id="null"),
        pytest.param(b"{}", "missing_field", id="an empty object"),
        pytest.param(json.dumps({"batch": 0, "events": []}).encode(), "bad_batch", id="batch 0"),
        pytest.param(json.dumps({"batch": "2", "events": []}).encode(), "bad_batch", id="a batch number in quotes"),
        pytest.param(json.dumps({"batch": 2}).encode(), "bad_batch", id="a batch without events"),
        pytest.param(
            json.dumps({"batch": 2, "events": life(NEVER, now)[0]}).encode(), "bad_batch", id="events that are no list"
        ),
        pytest.param(json.dumps({"hello": {"version": 1}}).encode(), "bad_hello", id="a hello without a name"),
        pytest.param(json.dumps({"hello": {"producer": "wal", "version": 99}}).encode(), "bad_hello", id="version 99"),
        pytest.param(b"[" * 100_000, "not_an_object", id="brackets without end"),
        pytest.param(b'{"event": ' + b"[" * 100_000, "too_deep", id="an event of brackets without end"),
        pytest.param(b'{"deep": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "too_deep", id="deep brackets"),
    ]


@pytest.mark.parametrize(("line", "reason"), lines_that_are_no_frame())
def test_a_line_that_is_no_frame(bench: Bench, line: bytes, reason: str) -> None:
    """It is answered with its reason, and the next line is read as if it had not been there."""
    bench.producer.send(line + b"\n")
    bench.producer.expect_error(reason)
    bench.assert_only_the_good_are_stored()


def bad_events() -> list[Any]:
    """Return events, and the reason each is refused for."""
    now = time.time()
    good = start(NEVER, now)

    def without(name: str) -> dict[str, Any]:
        return {key: value for key, value in good.items() if key != name}

    return [
        pytest.param({**good, "event": "operation_end"}, "unknown_event", id="unknown event"),
        pytest.param(without("event"), "missing_field", id="no event"),
        *(
            pytest.param(without(name), "missing_field", id=f"no {name}")
            for name in ("operation_id", "operation_type", "backend", "timestamp")
        ),
        pytest.param(
            {"event": "status_change", "operation_id": NEVER, "timestamp": now}, "missing_field", id="no status"
        ),
        pytest.param(change(NEVER, "done", now), "bad_status", id="bad status"),
        pytest.param(change(NEVER, "", now), "bad_status", id="empty status"),
        pytest.param(health("s3", "sick", now), "bad_status", id="bad health"),
        pytest.param(start(NEVER, now - 31 * DAY), "too_old", id="a month old"),
        pytest.param(start(NEVER, 0.0), "too_old", id="1970"),
        pytest.param(start(NEVER, -now), "too_old", id="before 1970"),
        pytest.param(start(NEVER, now * 1000), "too_far_ahead", id="milliseconds"),
        # Farther than a run of all tests takes: the events are made at its beginning.
        pytest.param(start(NEVER, now + DAY), "too_far_ahead", id="a day ahead"),
        pytest.param(start(NEVER, 1e300), "too_far_ahead", id="beyond all calendars"),
        pytest.param({**good, "timestamp": str(now)}, "bad_value", id="a timestamp in quotes"),
        pytest.param({**good, "timestamp": None}, "bad_value", id="null for a timestamp"),
        pytest.param({**good, "operation_id": 7}, "bad_value", id="a number for an id"),
        pytest.param({**good, "operation_id": ""}, "bad_value", id="an empty id"),
        pytest.param({**good, "operation_type": "x" * 65}, "bad_value", id="a type of 65 characters"),
        pytest.param({**good, "backend": ""}, "bad_value", id="an empty backend"),
        pytest.param({**good, "size": -1}, "bad_value", id="a size below zero"),
        pytest.param(change(NEVER, "completed", now, latency=-0.1), "bad_value", id="a latency below zero"),
    ]


@pytest.mark.parametrize(("event", "reason"), bad_events())
def test_a_bad_event(bench: Bench, event: dict[str, Any], reason: str) -> None:
    """In a batch or on a line of its own, it is answered by one line, and the good events around it are stored."""
    first, second, third = bench.life()
    bench.producer.batch(2, [first, event, second, third])
    bench.producer.expect_ack(2)
    bench.producer.expect_error(reason)
    first, second, third = bench.life()
    with bench.daemon.producer() as lines:
        for each in (first, event, second, third):
            lines.send_line(each)
        lines.expect_error(reason)
        lines.end()
        assert list(lines.lines()) == []
    bench.assert_only_the_good_are_stored(3)


def test_several_bad_events_of_one_batch_are_each_answered(bench: Bench) -> None:
    """One line for each, and the batch is stored without them."""
    now = time.time()
    bad = [change(NEVER, "done", now), start(NEVER, 0.0), {"event": "nonsense"}, 17, "text", None]
    bench.producer.batch(2, [*bad[:3], *bench.life(), *bad[3:]])
    bench.producer.expect_ack(2)
    reasons = [line["reason"] for line in bench.producer.heard]
    assert len(reasons) == 6
    assert {"bad_status", "too_old", "unknown_event"} <= set(reasons)
    bench.producer.heard.clear()
    bench.assert_only_the_good_are_stored(3)


def test_an_event_nested_without_end(bench: Bench) -> None:
    """It is told, and its batch is acknowledged with the other events: whoever waits for an answer gets it."""
    deep = json.dumps(start(NEVER, time.time())).encode()[:-1] + b', "deep": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    others = [json.dumps(event).encode() for event in bench.life()]
    bench.producer.send(b'{"batch": 2, "events": [' + b",".join([others[0], deep, *others[1:]]) + b"]}\n")
    bench.producer.expect_error("too_deep")
    bench.producer.expect_ack(2)
    bench.assert_only_the_good_are_stored(3)


def test_half_a_line_waits_for_its_other_half(bench: Bench) -> None:
    """However the bytes are cut, a line is a line."""
    line = json.dumps({"batch": 2, "events": bench.life()}).encode() + b"\n"
    for byte in range(0, len(line), 7):
        bench.producer.send(line[byte : byte + 7])
    bench.producer.expect_ack(2)
    bench.assert_only_the_good_are_stored(3)


def test_half_a_line_at_the_end_of_the_stream(bench: Bench) -> None:
    """It is answered, counted and not stored, though it would be a whole event."""
    with bench.daemon.producer() as lines:
        for event in bench.life():
            lines.send_line(event)
        lines.send(json.dumps(start(NEVER, time.time())).encode())
        lines.end()
        assert [line["reason"] for line in lines.lines()] == ["incomplete_line"]
    bench.assert_only_the_good_are_stored()


def test_a_line_of_ten_megabytes(bench: Bench) -> None:
    """It is answered once, skipped to its newline, and not held in memory; the next line is a line again."""
    before = resident_bytes(bench.daemon)
    bench.producer.send(b'{"batch": 2, "events": [' + b" " * 10_000_000)
    bench.producer.send(b"]}\n")
    bench.producer.expect_error("line_too_long")
    # Before anything else is asked, and so loaded.
    assert resident_bytes(bench.daemon) - before < 8_000_000
    bench.assert_only_the_good_are_stored()


def resident_bytes(daemon: Daemon) -> int:
    """Return how much memory the daemon holds."""
    return int(Path(f"/proc/{daemon.pid}/statm").read_text().split()[1]) * 4096


def test_a_batch_gap_is_told_and_stored(bench: Bench) -> None:
    """Numbers that were skipped are said so once; the batch itself is stored and acknowledged."""
    bench.producer.batch(5, bench.life())
    bench.producer.expect_ack(5)
    assert "expected 2, found 5" in bench.producer.expect_error("batch_gap")
    bench.assert_only_the_good_are_stored(6)


def test_a_repeated_batch_is_acknowledged_and_not_stored(bench: Bench) -> None:
    """In one connection and from another of the same name, whatever the batch holds."""
    bench.producer.store(1, life(NEVER, time.time() - 5))
    with bench.daemon.producer() as again:
        assert again.hello(bench.name)["last_batch"] == 1
        again.store(1, life(NEVER, time.time() - 5))
    bench.assert_only_the_good_are_stored()


def test_a_batch_before_a_hello(bench: Bench) -> None:
    """Nobody knows whose number it is: it is refused, and the connection lives on."""
    with bench.daemon.producer() as nobody:
        nobody.batch(1, life(NEVER, time.time() - 5))
        nobody.expect_error("no_hello")
        nobody.hello(f"{bench.name} again")
        nobody.store(1, bench.life())
    bench.assert_only_the_good_are_stored()


def test_what_the_daemon_says_of_itself_adds_up(daemon: Daemon) -> None:
    """Received is stored, duplicate, rejected and discarded together; nothing is in flight at the end."""
    now = time.time()
    with daemon.producer() as producer:
        producer.hello("wal")
        producer.send(b"rubbish\n")
        producer.store(1, [*life("a", now - 5), change(NEVER, "done", now)])
        producer.store(1, life("a", now - 5))
        producer.store(2, [start(NEVER, 0.0)])
        producer.send_line(start("b", now))
        producer.store(3, [])
        daemon.configure(enabled=False)
        producer.store(4, life("c", now - 5))
    assert daemon.stop() == 0
    (books,) = daemon.events("stopped")
    kinds = {name: books[name] for name in ("stored", "duplicate", "rejected", "discarded")}
    assert kinds == {"stored": 4, "duplicate": 3, "rejected": 3, "discarded": 3}
    assert books["received"] == sum(kinds.values())


def test_bad_lines_without_end(daemon: Daemon) -> None:
    """Each is answered, but the log tells of them ever more rarely; a peer that reads no answers is cut off."""
    with daemon.producer() as flood:
        for _ in range(20):
            flood.send(b"rubbish\n" * 100)
            for _ in range(100):
                flood.expect_error("not_json")
    assert len(daemon.events("rejected")) < 10
    with daemon.producer() as deaf, pytest.raises((BrokenPipeError, ConnectionResetError)):
        send_for_ever(deaf)
    until(lambda: daemon.events("connection cut: its answers are not read"), "the log to say so")
    with daemon.producer() as producer:
        producer.hello("wal")
        producer.store(1, life("after", time.time() - 5))


def send_for_ever(deaf: Producer) -> None:
    """Send bad lines without reading the answers, as long as they are taken; 100 MB at most."""
    for _ in range(12_500):
        deaf.send(b"rubbish\n" * 1000)
