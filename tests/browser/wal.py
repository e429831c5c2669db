"""A WAL to look at: some history that is always the same, and operations that go on."""

from __future__ import annotations

import time
from itertools import count
from threading import Event, Thread
from types import TracebackType
from typing import Any, Self

from tests.end_to_end.daemon import Daemon
from tests.end_to_end.producer import Producer
from tests.end_to_end.waiting import PATIENCE

# What a user may call an operation and a backend, if no one stops him.
HOSTILE_TYPE = "<img src=x onerror=hit()>"
HOSTILE_BACKEND = '"><script>hit()</script>'
# An operation with a whole story, whose id is no friend of addresses.
STORY = "story/1?of=5&it#%41"
STEP = 60
BETWEEN = 0.1

_Event = dict[str, Any]


def send_history(daemon: Daemon) -> None:
    """Store two hours that ended ten minutes ago: 120 gets on ipfs, 60 adds on s3 of which 12 failed, a hostile series, a story, s3's troubles."""
    start = time.time() - 7800
    events = [
        {"event": "backend_health_change", "backend": "ipfs", "new_status": "online", "timestamp": start},
        {"event": "backend_health_change", "backend": "s3", "new_status": "online", "timestamp": start},
        {"event": "backend_health_change", "backend": "s3", "new_status": "offline", "timestamp": start + 6300},
        {"event": "backend_health_change", "backend": "s3", "new_status": "online", "timestamp": start + 6900},
    ]
    for number in range(120):
        at = start + number * STEP
        events += _operation(f"get-{number}", "get", "ipfs", at, 0.2 + number % 10 / 100)
        if number % 2:
            failed = number % 10 == 1
            events += _operation(f"add-{number}", "add", "s3", at, 1.5, error="throttled" if failed else None)
    for number in range(5):
        events += _operation(f"odd-{number}", HOSTILE_TYPE, HOSTILE_BACKEND, start + 3600 + number * STEP, 0.01)
    events += _story(time.time() - 1800)
    with daemon.producer() as producer:
        producer.hello("history")
        producer.store(1, events)


class Wal(Thread):
    """Ends some operations a second, for as long as the context is open."""

    def __init__(self, socket: str, between: float = BETWEEN) -> None:
        super().__init__(daemon=True)
        self._socket, self._between = socket, between
        self._begun, self._over = Event(), Event()

    def run(self) -> None:
        """Tell of one operation after the other, each begun a quarter of a second ago."""
        with Producer(self._socket) as producer:
            batch = producer.hello(f"live-{time.time_ns()}")["last_batch"]
            for number in count():
                at = time.time() - 0.25
                batch += 1
                producer.store(batch, _operation(f"live-{time.time_ns()}", "pin", "ipfs", at, 0.25))
                # One that goes on: something is always in flight.
                if number == 0:
                    batch += 1
                    producer.store(batch, [_start("endless", "pin", "ipfs", at)])
                    self._begun.set()
                if self._over.wait(self._between):
                    return

    def __enter__(self) -> Self:
        self.start()
        assert self._begun.wait(PATIENCE), "expected the daemon to take an operation"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self.join()


def _operation(
    name: str, operation_type: str, backend: str, at: float, seconds: float, error: str | None = None
) -> list[_Event]:
    ended = {"error_type": error, "status": "failed"} if error else {"status": "completed"}
    return [
        _start(name, operation_type, backend, at),
        _change(name, at + seconds / 10, status="processing"),
        _change(name, at + seconds, **ended),
    ]


def _story(at: float) -> list[_Event]:
    return [
        {**_start(STORY, "upload", "s3", at), "size": 5_000_000},
        _change(STORY, at + 1, status="processing"),
        _change(STORY, at + 4, status="retrying", retry_count=1, error_type="throttled"),
        _change(STORY, at + 6, status="processing"),
        _change(STORY, at + 10, status="failed", error_type="disk_error", retry_count=1),
    ]


def _start(name: str, operation_type: str, backend: str, at: float) -> _Event:
    return {
        "event": "operation_start",
        "operation_id": name,
        "operation_type": operation_type,
        "backend": backend,
        "timestamp": at,
    }


def _change(name: str, at: float, **facts: object) -> _Event:
    return {"event": "status_change", "operation_id": name, "timestamp": at, **facts}
