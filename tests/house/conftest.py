"""Daemons for what the documents say of a running one."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.end_to_end.daemon import Daemon

IPFS = {"backend": "ipfs"}
ADD = {"operation_type": "add", **IPFS}


@pytest.fixture
def daemon() -> Iterator[Daemon]:
    """A daemon that is ready and knows nothing yet."""
    with _running() as daemon:
        yield daemon


@pytest.fixture(scope="module")
def daemon_with_data() -> Iterator[Daemon]:
    """A daemon that has seen what the examples of docs/api.md show: two adds that ended, one in flight."""
    with _running() as daemon, daemon.producer() as producer:
        now = time.time()
        producer.hello("wal")
        producer.store(
            1,
            [
                {"event": "backend_health_change", "new_status": "online", "timestamp": now - 9, **IPFS},
                {"event": "operation_start", "operation_id": "op-1", "timestamp": now - 8, "size": 4096, **ADD},
                {"event": "operation_start", "operation_id": "op-2", "timestamp": now - 7, **ADD},
                {"event": "operation_start", "operation_id": "op-3", "timestamp": now - 6, **ADD},
                _status("op-1", "processing", now - 5),
                _status("op-2", "retrying", now - 4, retry_count=1),
                _status("op-1", "completed", now - 3),
                _status("op-2", "failed", now - 2, error="no route to host", error_type="connection_error"),
            ],
        )
        yield daemon


def _status(operation_id: str, status: str, timestamp: float, **more: object) -> dict[str, object]:
    return {
        "event": "status_change",
        "operation_id": operation_id,
        "status": status,
        "timestamp": timestamp,
        **more,
    }


@contextmanager
def _running() -> Iterator[Daemon]:
    with tempfile.TemporaryDirectory(prefix="td-") as folder:
        daemon = Daemon(Path(folder))
        try:
            daemon.start()
            yield daemon
        finally:
            daemon.end()
            print(f"--- log of the daemon\n{daemon.log}")
