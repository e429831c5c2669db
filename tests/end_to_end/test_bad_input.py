"""Bad input costs one answer and one count: the good events around it are stored."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.oracle.events import change, health, life, start

from .daemon import Daemon
from .producer import Producer
from .waiting import until

NEVER = "the bad one"
DAY = 86_400


@pytest.fixture
def producer(daemon: Daemon) -> Iterator[Producer]:
    """A producer that has stored batch 1, with one operation that ended."""
    with daemon.producer() as producer:
        producer.hello("wal")
        producer.store(1, life("before", time.time() - 10))
        yield producer


def assert_only_good_ones_are_stored(daemon: Daemon, producer: Producer, number: int = 2, others: int = 1) -> None:
    """The connection still takes a batch, and what is stored is that and what came ``others`` times before."""
    producer.store(number, life("after", time.time() - 5))
    assert producer.heard == []
    assert [daemon.entries(status) for status in ("pending", "processing", "completed")] == [others + 1] * 3
    assert daemon.ask("GET", f"operations/{NEVER}").status_code == 404


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
        pytest.param(b"{}", "unknown_event", id="an empty object"),
        pytest.param(json.dumps({"batch": 0, "events": []}).encode(), "bad_batch", id="batch 0"),
        pytest.param(json.dumps({"batch": "2", "events": []}).encode(), "bad_batch", id="a batch number in quotes"),
        pytest.param(json.dumps({"batch": 2}).encode(), "bad_batch", id="a batch without events"),
        pytest.param(json.dumps({"batch": 2, "events": life(NEVER, now)[0]}).encode(), "bad_batch", id="events that are no list"),
        pytest.param(json.dumps({"hello": {"version": 1}}).encode(), "bad_hello", id="a hello without a name"),
        pytest.param(json.dumps({"hello": {"producer": "wal", "version": 99}}).encode(), "bad_hello", id="version 99"),
        pytest.param(b"[" * 100_000, "not_json", id="brackets without end"),
    ]


@pytest.mark.parametrize(("line", "reason"), lines_that_are_no_frame())
def test_a_line_that_is_no_frame(daemon: Daemon, producer: Producer, line: bytes, reason: str) -> None:
    """It is answered with its reason, and the next line is read as if it had not been there."""
    producer.send(line + b"\n")
    producer.expect_error(reason)
    assert_only_good_ones_are_stored(daemon, producer)


def bad_events() -> list[Any]:
    """Return events, and the reason each is refused for."""
    now = time.time()
    good = start(NEVER, now)

    def without(name: str) -> dict[str, Any]:
        return {key: value for key, value in good.items() if key != name}

    return [
        pytest.param({**good, "event": "operation_end"}, "unknown_event", id="unknown event"),
        pytest.param(without("event"), "unknown_event", id="no event"),
        *(
            pytest.param(without(name), "missing_field", id=f"no {name}")
            for name in ("operation_id", "operation_type", "backend", "timestamp")
        ),
        pytest.param({"event": "status_change", "operation_id": NEVER, "timestamp": now}, "missing_field", id="no status"),
        pytest.param(change(NEVER, "done", now), "bad_status", id="bad status"),
        pytest.param(change(NEVER, "", now), "bad_status", id="empty status"),
        pytest.param(health("s3", "sick", now), "bad_status", id="bad health"),
        pytest.param(start(NEVER, now - 31 * DAY), "too_old", id="a month old"),
        pytest.param(start(NEVER, 0.0), "too_old", id="1970"),
        pytest.param(start(NEVER, -now), "too_old", id="before 1970"),
        pytest.param(start(NEVER, now * 1000), "too_far_ahead", id="milliseconds"),
        pytest.param(start(NEVER, now + 3600), "too_far_ahead", id="an hour ahead"),
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
def test_a_bad_event_in_a_batch(daemon: Daemon, producer: Producer, event: dict[str, Any], reason: str) -> None:
    """Its batch is acknowledged, with the good events around it stored and one error line for it."""
    good = life("around", time.time() - 5)
    producer.batch(2, [good[0], event, *good[1:]])
    producer.expect_ack(2)
    producer.expect_error(reason)
    assert_only_good_ones_are_stored(daemon, producer, number=3, others=2)


@pytest.mark.parametrize(("event", "reason"), bad_events())
def test_a_bad_event_on_a_line_of_its_own(daemon: Daemon, producer: Producer, event: dict[str, Any], reason: str) -> None:
    """Among plain lines it is answered too, and the lines around it are stored."""
    good = life("around", time.time() - 5)
    with daemon.producer() as lines:
        for each in (good[0], event, *good[1:]):
            lines.send_line(each)
        lines.expect_error(reason)
        lines.end()
        assert list(lines.lines()) == []
    assert_only_good_ones_are_stored(daemon, producer, others=2)


def test_several_bad_events_of_one_batch_are_each_answered(daemon: Daemon, producer: Producer) -> None:
    """One line for each, and the batch is stored without them."""
    now = time.time()
    bad = [change(NEVER, "done", now), start(NEVER, 0.0), {"event": "nonsense"}, 17, "text", None]
    producer.batch(2, [*bad[:3], *life("around", now - 5), *bad[3:]])
    producer.expect_ack(2)
    reasons = sorted(line["reason"] for line in producer.heard)
    assert len(reasons) == 6
    assert {"bad_status", "too_old", "unknown_event"} <= set(reasons)
    producer.heard.clear()
    assert_only_good_ones_are_stored(daemon, producer, number=3, others=2)


def test_half_a_line_waits_for_its_other_half(daemon: Daemon, producer: Producer) -> None:
    """However the bytes are cut, a line is a line."""
    line = json.dumps({"batch": 2, "events": life("around", time.time() - 5)}).encode() + b"\n"
    for byte in range(0, len(line), 7):
        producer.send(line[byte : byte + 7])
    producer.expect_ack(2)
    assert_only_good_ones_are_stored(daemon, producer, number=3, others=2)


def test_half_a_line_at_the_end_of_the_stream(daemon: Daemon, producer: Producer) -> None:
    """It is answered, counted and not stored, though it would be a whole event."""
    with daemon.producer() as lines:
        for event in life("around", time.time() - 5):
            lines.send_line(event)
        lines.send(json.dumps(start(NEVER, time.time())).encode())
        lines.end()
        assert [line["reason"] for line in lines.lines()] == ["incomplete_line"]
    assert_only_good_ones_are_stored(daemon, producer, others=2)


def test_a_line_of_ten_megabytes(daemon: Daemon, producer: Producer) -> None:
    """It is answered once, skipped to its newline, and not held in memory; the next line is a line again."""
    before = resident_bytes(daemon)
    producer.send(b'{"batch": 2, "events": [' + b" " * 10_000_000)
    producer.send(b"]}\n")
    producer.expect_error("line_too_long")
    assert_only_good_ones_are_stored(daemon, producer)
    assert resident_bytes(daemon) - before < 8_000_000


def resident_bytes(daemon: Daemon) -> int:
    """Return how much memory the daemon holds."""
    return int(Path(f"/proc/{daemon.pid}/statm").read_text().split()[1]) * 4096


def test_a_batch_gap_is_told_and_stored(daemon: Daemon, producer: Producer) -> None:
    """Numbers that were skipped are said so once; the batch itself is stored and acknowledged."""
    producer.batch(5, life("around", time.time() - 5))
    producer.expect_ack(5)
    assert "2" in producer.expect_error("batch_gap")
    assert_only_good_ones_are_stored(daemon, producer, number=6, others=2)


def test_a_repeated_batch_is_acknowledged_and_not_stored(daemon: Daemon, producer: Producer) -> None:
    """In one connection and from another of the same name."""
    producer.store(1, life(NEVER, time.time() - 5))
    with daemon.producer() as again:
        assert again.hello("wal")["last_batch"] == 1
        again.store(1, life(NEVER, time.time() - 5))
    assert_only_good_ones_are_stored(daemon, producer)


def test_a_batch_before_a_hello(daemon: Daemon, producer: Producer) -> None:
    """Nobody knows whose number it is: it is refused, and the connection lives on."""
    with daemon.producer() as nobody:
        nobody.batch(1, life(NEVER, time.time() - 5))
        nobody.expect_error("no_hello")
        nobody.hello("somebody")
        nobody.store(1, life("around", time.time() - 5))
    assert_only_good_ones_are_stored(daemon, producer, others=2)


def test_ten_thousand_invented_operation_types_fold_into_other(daemon: Daemon, producer: Producer) -> None:
    """Every operation is counted, the series are as many as the setting says, and the folding is told."""
    now = time.time() - 60
    for batch in range(10):
        events = [start(f"{number}", now, f"invented {number}") for number in range(batch * 1000, batch * 1000 + 1000)]
        producer.store(batch + 2, events)
    found = daemon.get("metrics", metric_type="operation_count", aggregation="sum")["metrics"]["operation_count"]
    counts = {name: sum(sample["count"] for (sample,) in by_backend.values()) for name, by_backend in found.items()}
    assert sum(counts.values()) == 10_001
    assert 990 <= len(counts) <= 1002
    assert counts["other"] == 10_001 - (len(counts) - 1)
    assert daemon.events("series folded into other")
    producer.store(12, life("after", time.time() - 5))
    assert counts["add"] == 1
    again = daemon.get("metrics", metric_type="operation_count", aggregation="sum", operation_type="add")
    assert again["metrics"]["operation_count"]["add"]["ipfs"][0]["count"] == 2


def test_invented_backends_fold_into_other(daemon: Daemon, producer: Producer) -> None:
    """Also those that only tell their health."""
    now = time.time() - 60
    producer.store(2, [start(f"{number}", now, backend=f"invented {number}") for number in range(500)])
    producer.store(3, [health(f"sick {number}", "degraded", now) for number in range(500)])
    found = daemon.get("metrics", aggregation="sum")["metrics"]
    assert sum(sample["count"] for (sample,) in found["operation_count"]["add"].values()) == 501
    assert len(found["operation_count"]["add"]) <= 65
    assert len(found["backend_health"]) <= 65
    assert "other" in found["operation_count"]["add"]


def test_what_the_daemon_says_of_itself_adds_up(daemon: Daemon, producer: Producer) -> None:
    """Received is stored, duplicate, rejected and discarded together; nothing is in flight at the end."""
    now = time.time()
    producer.send(b"rubbish\n")
    producer.batch(2, [*life("a", now - 5), change(NEVER, "done", now)])
    producer.batch(2, life("a", now - 5))
    producer.batch(3, [start(NEVER, 0.0)])
    producer.send_line(start("b", now))
    producer.store(4, [])
    daemon.configure(enabled=False)
    producer.store(5, life("c", now - 5))
    producer.close()
    assert daemon.stop() == 0
    (books,) = daemon.events("stopped")
    kinds = {name: books[name] for name in ("stored", "duplicate", "rejected", "discarded")}
    assert kinds == {"stored": 7, "duplicate": 3, "rejected": 3, "discarded": 3}
    assert books["received"] == sum(kinds.values())


def test_a_second_daemon_on_the_same_folder_is_refused(daemon: Daemon, new_daemon: Callable[..., Daemon]) -> None:
    """It ends with a sentence that names the folder and who holds it; the first goes on."""
    second = new_daemon()
    second.metrics_path = daemon.metrics_path
    second.launch()
    assert second.wait() == 1
    assert "Traceback" not in second.log
    assert str(daemon.metrics_path) in second.log
    assert str(daemon.pid) in second.log
    with daemon.producer() as producer:
        producer.hello("wal")
        producer.store(1, life("still here", time.time() - 5))
    assert daemon.entries("completed") == 1


@pytest.mark.parametrize("place", ["below a file", "a file"])
def test_a_folder_that_cannot_be_used_is_refused(new_daemon: Callable[..., Daemon], place: str) -> None:
    """The daemon ends with a sentence that names the folder and what the system said, and touches nothing."""
    broken = new_daemon()
    file = broken.folder / "file"
    file.write_text("precious")
    broken.metrics_path = file / "metrics" if place == "below a file" else file
    broken.launch()
    assert broken.wait() == 1
    assert "Traceback" not in broken.log
    assert str(broken.metrics_path) in broken.log
    assert file.read_text() == "precious"
    assert not Path(broken.socket).exists()


BAD_PARAMETERS: tuple[tuple[str, dict[str, str]], ...] = (
    ("metrics", {"metric_type": "latency"}),
    ("metrics", {"metric_type": ""}),
    ("metrics", {"status": "done"}),
    ("metrics", {"aggregation": "median"}),
    ("metrics", {"operation_type": ""}),
    ("metrics", {"operation_type": "x" * 65}),
    ("metrics", {"backend": ""}),
    ("metrics", {"start_time": "yesterday"}),
    ("metrics", {"start_time": "nan"}),
    ("metrics", {"start_time": "inf"}),
    ("metrics", {"end_time": "-1"}),
    ("metrics", {"end_time": ""}),
    ("metrics", {"start_time": "200", "end_time": "100"}),
    ("metrics", {"start_time": "1e12"}),
    ("metrics", {"interval": "61"}),
    ("metrics", {"interval": "0"}),
    ("metrics", {"interval": "-60"}),
    ("metrics", {"interval": "60.5"}),
    ("metrics", {"interval": "a minute"}),
    ("metrics", {"format": "xml"}),
    ("metrics", {"metrictype": "operation_count"}),
    ("metrics", {"start_time": "0", "end_time": "2000000000", "interval": "60"}),
    ("realtime", {"window": "0"}),
    ("realtime", {"window": "-5"}),
    ("realtime", {"window": "long"}),
    ("realtime", {"windows": "60"}),
    ("operations", {"sort": "size"}),
    ("operations", {"limit": "0"}),
    ("operations", {"limit": "1001"}),
    ("operations", {"limit": "ten"}),
    ("operations", {"status": "done"}),
)


def test_every_kind_of_bad_parameter_is_refused_by_name(daemon: Daemon, producer: Producer) -> None:
    """With 400 and one sentence that names the parameter; never with a stack trace, never with a 500."""
    wrong = []
    for path, params in BAD_PARAMETERS:
        answer = daemon.ask("GET", path, params=params)
        told = answer.json()
        named = any(name in told.get("error", "") for name in params) or told.get("error_type") == "result_too_large"
        envelope = {"success", "operation", "timestamp", "error", "error_type", "detail"} <= told.keys()
        if answer.status_code != 400 or told.get("success") is not False or not named or not envelope:
            wrong.append((path, params, answer.status_code, answer.text))
    assert not wrong
    assert_only_good_ones_are_stored(daemon, producer)


def test_a_million_bad_lines_are_not_a_million_lines_of_log(daemon: Daemon, producer: Producer) -> None:
    """Each is answered and counted, but the log says so ever more rarely; a peer that never reads is cut off."""
    with daemon.producer() as flood:
        for _ in range(20):
            flood.send(b"rubbish\n" * 100)
            for _ in range(100):
                flood.expect_error("not_json")
    assert len(daemon.events("rejected")) < 10
    with daemon.producer() as deaf:
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            for _ in range(1000):
                deaf.send(b"rubbish\n" * 1000)
    until(lambda: daemon.events("connection cut: its answers are not read"), "the log to say so")
    assert_only_good_ones_are_stored(daemon, producer)
