"""Daemons for what the documents say of a running one."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.daemon import Daemon
from tests.end_to_end.waiting import until


@pytest.fixture
def daemon() -> Iterator[Daemon]:
    """A daemon that is ready and knows nothing yet."""
    yield from _daemon()


@pytest.fixture(scope="module")
def daemon_with_data() -> Iterator[Daemon]:
    """A daemon that has seen what the examples of docs/api.md show: two adds that ended, one in flight."""
    for daemon in _daemon():
        now = time.time()
        common = {"operation_type": "add", "backend": "ipfs"}
        producer = daemon.producer()
        producer.hello("wal")
        producer.batch(
            [
                {"event": "backend_health_change", "backend": "ipfs", "new_status": "online", "timestamp": now - 9},
                {"event": "operation_start", "operation_id": "op-1", "timestamp": now - 8, "size": 4096, **common},
                {"event": "operation_start", "operation_id": "op-2", "timestamp": now - 7, **common},
                {"event": "operation_start", "operation_id": "op-3", "timestamp": now - 6, **common},
                {"event": "status_change", "operation_id": "op-1", "status": "processing", "timestamp": now - 5},
                {"event": "status_change", "operation_id": "op-2", "status": "retrying", "timestamp": now - 4, "retry_count": 1},
                {"event": "status_change", "operation_id": "op-1", "status": "completed", "timestamp": now - 3},
                {
                    "event": "status_change",
                    "operation_id": "op-2",
                    "status": "failed",
                    "timestamp": now - 2,
                    "error": "no route to host",
                    "error_type": "connection_error",
                },
            ]
        )
        until(lambda daemon=daemon: daemon.entries() == 3, "three operations to be counted")
        yield daemon


def _daemon() -> Iterator[Daemon]:
    with tempfile.TemporaryDirectory(prefix="td-") as folder:
        daemon = Daemon(Path(folder))
        try:
            daemon.start()
            yield daemon
        finally:
            daemon.end()
            print(f"--- log of the daemon\n{daemon.log}")
