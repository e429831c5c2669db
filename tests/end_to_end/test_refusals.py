"""What the daemon refuses outright: a folder it cannot have, and questions that make no sense."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.oracle.events import life

from .daemon import Daemon


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


def test_every_kind_of_bad_parameter_is_refused_by_name(daemon: Daemon) -> None:
    """With 400, or 422 where it asks for too much, and one sentence that names the parameter; never with a stack trace, never with a 500."""
    wrong = []
    for path, params in BAD_PARAMETERS:
        answer = daemon.ask("GET", path, params=params)
        told = answer.json()
        named = any(name in told.get("error", "") for name in params) or told.get("error_type") == "result_too_large"
        envelope = {"success", "operation", "timestamp", "error", "error_type", "detail"} <= told.keys()
        right = answer.status_code == (422 if told.get("error_type") == "result_too_large" else 400)
        if not (right and told.get("success") is False and named and envelope):
            wrong.append((path, params, answer.status_code, answer.text))
    assert not wrong
