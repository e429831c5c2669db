"""ipfs_kit_py's clients of the telemetry API and the handlers of its command line, unchanged, against a daemon.

docs/compatibility.md says the same in a table, and names these tests.
"""

from __future__ import annotations

import argparse
import time
import warnings
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
import requests

from telemetryd.model.metrics import METRIC_TYPES
from tests import peers
from tests.oracle.events import change, start
from tests.security.conftest import OPERATOR, READER, guarded

from .daemon import Daemon
from .waiting import PATIENCE, until

__all__ = ["guarded"]

PNG = b"\x89PNG\r\n"
ADDED, LATENCY = 20, 0.5


@pytest.fixture(scope="module")
def node(shared_daemon: Daemon) -> Daemon:
    """A daemon that has heard of twenty additions that went well and a pin that did not."""
    now = time.time()
    events: list[Any] = [
        {"event": "backend_health_change", "backend": "ipfs", "new_status": "online", "timestamp": now - 200}
    ]
    for number in range(ADDED):
        since = now - 40 + number
        events += [start(f"add-{number}", since, "add", "ipfs"), change(f"add-{number}", "completed", since + LATENCY)]
    events += [
        start("pin", now - 10, "pin", "s3"),
        change("pin", "retrying", now - 9),
        change("pin", "failed", now - 8),
    ]
    with shared_daemon.producer() as producer:
        producer.hello("wal")
        producer.store(1, events)
    return shared_daemon


@pytest.fixture
def client(node: Daemon) -> Any:
    """Their client of the API."""
    return peers.wal_telemetry_client().WALTelemetryClient(node.url)


@pytest.fixture
def anyio_client(node: Daemon) -> Any:
    """Their client for any event loop."""
    return peers.wal_telemetry_client_anyio().WALTelemetryClientAnyIO(node.url)


def test_client_metrics(client: Any) -> None:
    """Every metric type, by word and by their enumeration, with every filter and every aggregation."""
    module = peers.wal_telemetry_client()
    assert {each.value for each in module.TelemetryMetricType} == set(METRIC_TYPES)
    assert set(client.get_metrics()["metrics"]) == set(METRIC_TYPES)
    for metric_type in module.TelemetryMetricType:
        answer = client.get_metrics(metric_type)
        assert answer["metric_type"] == metric_type.value
        assert answer["metrics"][metric_type.value]
    span = (time.time() - 3600, time.time())
    for aggregation, expected in {
        "average": LATENCY,
        "maximum": LATENCY,
        "count": ADDED,
        "sum": ADDED * LATENCY,
    }.items():
        answer = client.get_metrics("operation_latency", "add", "ipfs", "completed", span, aggregation)
        (sample,) = answer["metrics"]["operation_latency"]["add"]["ipfs"]
        assert sample["value"] == pytest.approx(expected, rel=1e-3)
    for aggregation in module.TelemetryAggregation:
        assert client.get_metrics("throughput", aggregation=aggregation)["aggregation"] == aggregation.value


def test_client_realtime(client: Any) -> None:
    """The keys that their callbacks read, once and again and again."""
    realtime = client.get_realtime_metrics()
    assert realtime["latency"]["add:ipfs"]["mean"] == pytest.approx(LATENCY, rel=1e-3)
    assert (realtime["success_rate"]["add:ipfs"], realtime["error_rate"]["pin:s3"]) == (1.0, 1.0)
    assert realtime["throughput"]["overall"] > 0
    assert realtime["status_distribution"]["add:ipfs"]["completed"] == ADDED
    seen: list[int] = []

    def once(metrics: dict[str, Any], iteration: int) -> None:
        seen.append(iteration)
        if iteration == 2:
            raise KeyboardInterrupt

    client.monitor_realtime(once, interval=0)
    assert seen == [0, 1, 2]


def test_client_over_time(client: Any) -> None:
    """A request for each hour, each with the shape of the metrics."""
    end = time.time()
    series = client.get_metrics_over_time("operation_latency", start_time=end - 3 * 3600, end_time=end)
    assert len(series["time_series"]) == 3
    (sample,) = series["time_series"][-1]["metrics"]["operation_latency"]["add"]["ipfs"]
    assert sample["value"] == pytest.approx(LATENCY, rel=1e-3)


def test_client_report(client: Any, tmp_path: Path) -> None:
    """Made, waited for by its report.json, and each of its files fetched."""
    report = client.generate_report()
    assert set(report) >= {"report_path", "report_url", "message", "report_id", "files"}
    report_id = report["report_id"]
    until(lambda: client.get_report_file(report_id, "report.json")["status"] == "done", "the report", 2 * PATIENCE)
    for name in client.get_report_file(report_id, "report.json")["files"]:
        saved = client.get_report_file(report_id, name, str(tmp_path / name))
        assert saved["success"]
    page = (tmp_path / "report.html").read_text()
    assert "report in the making" not in page and "add" in page


def test_client_visualization(client: Any, tmp_path: Path) -> None:
    """A PNG of the size that was asked for, kept in a file."""
    module = peers.wal_telemetry_client()
    path = tmp_path / "chart.png"
    span = (time.time() - 3600, time.time())
    kept = client.get_visualization(
        module.TelemetryMetricType.OPERATION_LATENCY, "add", "ipfs", "completed", span, 6, 4, str(path)
    )
    assert (kept["content_type"], kept["saved"]) == ("image/png", True)
    assert path.read_bytes().startswith(PNG)


def test_client_configuration(client: Any, node: Daemon) -> None:
    """Read, changed and changed back; the warning about a restart is there, and a mistake is an error."""
    before = client.get_config()["config"]
    assert client.update_config(retention_days=9, sampling_interval=30)["config"]["retention_days"] == 9
    assert "restart" in client.update_config(operation_hooks=True)["warning"]
    with pytest.raises(requests.HTTPError, match="400"):
        client.update_config(retention_days=0)
    client.update_config(**before)
    assert client.get_config()["config"] == before


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_anyio_client(anyio_client: Any, tmp_path: Path, backend: str) -> None:
    """Each of its methods but one, on both event loops."""

    async def use() -> None:
        metrics = await anyio_client.get_metrics_async("operation_latency", aggregation="average")
        assert metrics["metrics"]["operation_latency"]["add"]["ipfs"][0]["value"] == pytest.approx(LATENCY, rel=1e-3)
        assert (await anyio_client.get_realtime_metrics_async())["success_rate"]["add:ipfs"] == 1.0
        end = time.time()
        series = await anyio_client.get_metrics_over_time_async("throughput", start_time=end - 7200, end_time=end)
        assert len(series["time_series"]) == 2
        report = await anyio_client.generate_report_async()
        path = str(tmp_path / "index.html")
        assert (await anyio_client.get_report_file_async(report["report_id"], "index.html", path))["saved"]
        chart = await anyio_client.get_visualization_async("queue_size", save_path=str(tmp_path / "chart.png"))
        assert chart["saved"] and chart["content"].startswith(PNG)
        config = (await anyio_client.get_config_async())["config"]
        assert (await anyio_client.update_config_async(**config))["config"] == config

    anyio.run(use, backend=backend)


def test_anyio_client_without_a_loop(anyio_client: Any) -> None:
    """Its other half is that of the plain client."""
    assert anyio_client.get_realtime_metrics()["success"]
    assert anyio_client.get_metrics("error_rate")["metrics"]["error_rate"]["pin"]["s3"]
    assert anyio_client.get_config()["config"]["enabled"] is True


def test_anyio_client_cannot_monitor(anyio_client: Any) -> None:
    """It calls a function that anyio does not have, after the answer has come: against any server."""
    heard: list[Any] = []
    with pytest.raises(AttributeError, match="iscoroutinefunction"):
        anyio.run(anyio_client.monitor_realtime_async, lambda metrics, number: heard.append(metrics), 0)
    assert heard == []


@pytest.mark.parametrize("kind", ["plain", "anyio"])
def test_client_with_a_key(guarded: Daemon, kind: str) -> None:
    """Its ``api_key`` is a token: with that of an admin all works, with a reader's what changes nothing, without one nothing."""
    module = peers.wal_telemetry_client() if kind == "plain" else peers.wal_telemetry_client_anyio()
    make = module.WALTelemetryClient if kind == "plain" else module.WALTelemetryClientAnyIO
    admin, reader = (make(guarded.url, api_key=token) for token in (OPERATOR, READER))
    assert admin.update_config(retention_days=9)["config"] == reader.get_config()["config"]
    assert reader.get_metrics()["success"] and admin.generate_report()["report_id"]
    with pytest.raises(requests.HTTPError, match="403"):
        reader.update_config(retention_days=8)
    with pytest.raises(requests.HTTPError, match="401"):
        make(guarded.url).get_metrics()


METRICS = dict.fromkeys(("count", "type", "operation", "backend", "status", "since", "aggregation", "filter"))
OPTIONS: dict[str, dict[str, Any]] = {
    "metrics": {**METRICS, "watch": False, "interval": 2},
    "report": {"browser": False, "output": None, "since": None},
    "viz": {**METRICS, "width": 12, "height": 8, "output": None, "browser": False},
    "config": {"update": False}
    | dict.fromkeys(
        ("enabled", "metrics_path", "retention_days", "sampling_interval", "detailed_timing", "operation_hooks")
    ),
    "analyze": {"type": None, "operation": None, "days": 1, "interval": "hour"},
}
Command = Callable[..., str]


@pytest.fixture(params=["plain", "anyio"])
def command(request: pytest.FixtureRequest, node: Daemon, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run a handler of the command line with options, at its parser's defaults, and return what it prints."""
    module = peers.wal_telemetry_cli() if request.param == "plain" else peers.wal_telemetry_cli_anyio()

    def run(name: str, **options: Any) -> str:
        handler = getattr(module, f"handle_{name}_command")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            handler(Namespace(**{**OPTIONS[name], **options}), module.WALTelemetryClient(node.url))
        return capsys.readouterr().out

    return run


def test_handle_metrics_command(command: Command) -> None:
    """A table of every metric or of one, filtered and aggregated; each cell is the samples as they came."""
    everything = command("metrics")
    assert all(f"| {metric_type}" in everything for metric_type in METRIC_TYPES)
    one = command("metrics", type="success_rate", operation="add", backend="ipfs", since="1h", aggregation="average")
    assert "success_rate" in one and "'value': 1" in one and "Time range: " in one
    assert "throughput" in command("metrics", filter=["throughput"])
    assert "success_rate" not in command("metrics", filter=["throughput"])
    assert "400" in command("metrics", type="nonsense")


def test_handle_metrics_command_totals(command: Command) -> None:
    """The total of operations is 0: it adds up what stands beside each type, and there are samples by backend."""
    total = next(line for line in command("metrics").splitlines() if "Total operations" in line)
    assert total.split("|")[2].strip() == "0"


def test_handle_metrics_command_watching(command: Command) -> None:
    """The live picture, as often as was asked for."""
    told = command("metrics", watch=True, count=2, interval=0)
    assert told.count("WAL TELEMETRY MONITOR") == 2
    assert "'add:ipfs': 1.0" in told


def test_handle_report_command(command: Command, tmp_path: Path) -> None:
    """Started, named, and its page kept as it is at that moment: with the progress, since nobody waits."""
    path = tmp_path / "below" / "report.html"
    told = command("report", since="1h", output=str(path))
    assert "Report generated successfully!" in told
    assert "Report URL: http://127.0.0.1:" in told and "- index.html" in told
    assert f"Report saved to: {path}" in told
    assert "report in the making" in path.read_text().lower()


def test_handle_viz_command(command: Command, tmp_path: Path) -> None:
    """A chart of each metric type in a file."""
    for metric_type in ("throughput", "backend_health"):
        path = tmp_path / f"{metric_type}.png"
        assert f"Visualization saved to: {path}" in command("viz", type=metric_type, since="1h", output=str(path))
        assert path.read_bytes().startswith(PNG)


def test_handle_config_command(command: Command, node: Daemon) -> None:
    """Shown, and changed; a mistake is told as the status alone, for the client drops the sentence."""
    assert "Enabled" in command("config") and "retention_days" in command("config")
    assert "Configuration updated successfully!" in command("config", update=True, retention_days=9)
    assert node.get("config")["config"]["retention_days"] == 9
    assert "Configuration updated" in command("config", update=True, retention_days=30, enabled=True)
    assert "400" in command("config", update=True, retention_days=0)


def test_handle_analyze_command(command: Command) -> None:
    """It runs through and prints 0 throughout: it looks for a number where the API has metrics by type and backend."""
    told = command("analyze", type="operation_latency", operation="add")
    assert "TIME SERIES ANALYSIS: OPERATION_LATENCY" in told and "Data Points: " in told
    mean = next(line for line in told.splitlines() if line.startswith("| Mean"))
    assert mean.split("|")[2].strip() == "0.00 ms"


def test_command_lines_do_not_start(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Both give one letter to two options of `viz`, which argparse refuses before anything is asked of a server."""
    monkeypatch.setattr("sys.argv", ["telemetry", "metrics"])
    with pytest.raises(argparse.ArgumentError, match="conflicting option string: -o"):
        peers.wal_telemetry_cli().main()
    assert peers.wal_telemetry_cli_anyio().main() == 1
    assert "conflicting option string: -o" in capsys.readouterr().out
