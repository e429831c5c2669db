"""What whoever supervises the daemon can rely on: readiness, a status in words, restarts that lose nobody."""

from __future__ import annotations

import json
import re
import socket
import threading
from contextlib import AbstractContextManager
from itertools import count

import pytest

from tests.end_to_end.load import load, wait_for_more
from tests.end_to_end.waiting import until

from .parent import Parent
from .unit import Unit

# A busy machine may be ten times slower than one that is not.
pytestmark = pytest.mark.timeout(600)

Node = Unit | Parent
API = "/api/v0/wal/telemetry"
_loads = count()


def entries(node: Node) -> int:
    """Return how often an operation has started, by the API."""
    path = f"{API}/metrics?metric_type=operation_count&aggregation=sum&interval=60"
    status, body = node.fetch(path)
    assert status == 200, body
    by_type = json.loads(body)["metrics"]["operation_count"]
    return sum(sample["by_status"]["pending"] for each in by_type.values() for (sample,) in each.values())


def loaded(node: Node) -> AbstractContextManager[list[int]]:
    """Return a load that has no operation in common with any other."""
    # What comes while the daemon is missed has room in a producer's memory, on a busy machine too.
    return load(node.ingest, producers=2, number=next(_loads), pause=0.05)


def test_ready_means_that_it_takes_events_and_answers(node: Node) -> None:
    """At once, on both sockets; the status says where."""
    node.restart()
    assert node.fetch("/-/ready")[0] == 200
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(60)
        client.connect(node.ingest)
        client.sendall(b'{"hello": {"producer": "ready", "version": 1, "dropped": 0}}\n')
        assert b"welcome" in client.recv(1000)
    assert node.status.startswith("API at http://127.0.0.1:")
    assert "ingest.sock" in node.status


def test_the_status_tells_what_has_been_stored(node: Node) -> None:
    """A few seconds later."""
    with loaded(node) as counts:
        wait_for_more(counts, 500)
    until(lambda: events_stored(node.status) >= 500, "the status to tell of 500 events")


def events_stored(status: str) -> int:
    """Return how many events a status tells of; none where it says that the disk is slow."""
    found = re.search(r"(\d+) events stored", status)
    return int(found[1]) if found else 0


def test_restarts_under_load_lose_and_refuse_nothing(node: Node) -> None:
    """Clean ones and one by SIGKILL: whoever connects meanwhile waits, and each event is stored once."""
    before = entries(node)
    with loaded(node) as counts:
        for replace in (node.restart, node.kill, node.restart):
            wait_for_more(counts, 500)
            replace()
        wait_for_more(counts, 500)
    assert entries(node) == before + sum(counts)


def test_a_request_made_while_no_daemon_runs_is_answered(node: Node) -> None:
    """Its connection waits with whoever holds the socket; under systemd it starts the daemon."""
    node.stop()
    answers: list[int] = []
    asking = threading.Thread(target=lambda: answers.append(node.fetch("/-/healthy")[0]))
    asking.start()
    if isinstance(node, Parent):
        node.start()
    asking.join(60)
    assert answers == [200]


def test_one_that_hangs_is_missed(node: Node) -> None:
    """Stopped where it stands it gives no sign of life, is ended, and another takes its place; nothing is lost."""
    before = entries(node)
    with loaded(node) as counts:
        wait_for_more(counts, 500)
        node.hang()
        wait_for_more(counts, 500)
    assert entries(node) == before + sum(counts)
