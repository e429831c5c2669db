"""Charts and reports of a real daemon, as its users ask for them."""

from __future__ import annotations

import io
import json
import os
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image

from telemetryd.charts.theme import THEMES
from telemetryd.model.metrics import METRIC_TYPES
from tests import peers
from tests.charts.seeing import colours_of, near, pixels
from tests.oracle.events import change, life, start

from .daemon import Daemon
from .waiting import until

TYPES, BACKENDS = ("add", "get", "pin"), ("ipfs", "s3")
SIGNATURE = b"\x89PNG\r\n\x1a\n"
# Whole hours, long over: what happened in them is in parts as soon as it has been quiet for a moment.
END = int(time.time()) // 3600 * 3600 - 3600
BEGIN = END - 7200


@pytest.fixture(scope="module")
def node(new_shared_daemon: Callable[..., Daemon]) -> Daemon:
    """A daemon with two hours of the past, in parts, and some of the present."""
    daemon = new_shared_daemon(
        TELEMETRYD_STORAGE_LATE_QUIET=0, TELEMETRYD_STORAGE_SEAL_GRACE=0, TELEMETRYD_CHARTS_TIMEOUT=60
    )
    daemon.start()
    with daemon.producer() as producer:
        producer.hello("wal")
        events: list[Any] = []
        for number in range(600):
            at = BEGIN + number * 12.0
            kind, backend = TYPES[number % 3], BACKENDS[number % 2]
            status = "failed" if number % 10 == 3 else "completed"
            events += life(f"{number}", at, 0.1 + number % 7, status, operation_type=kind, backend=backend)
            if number % 7 == 3:
                events.insert(-1, change(f"{number}", "retrying", at + 0.09 + number % 7))
        for backend in BACKENDS:
            events.append(
                {"event": "backend_health_change", "backend": backend, "new_status": "online", "timestamp": BEGIN}
            )
        producer.store(1, events)
        producer.store(2, [*life("now", time.time() - 10), start("in flight", time.time() - 5)])
    until(lambda: daemon.events("compacted"), "the past to be in parts")
    return daemon


def visualize(daemon: Daemon, metric_type: str, **params: Any) -> requests.Response:
    return daemon.ask("GET", f"visualization/{metric_type}", params={"start_time": BEGIN, "end_time": END, **params})


def processes_below(daemon: Daemon) -> list[str]:
    """Return the command lines of all processes that were started with the daemon's folder in hand."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        process = Path("/proc", pid)
        try:
            if str(daemon.folder).encode() in (process / "environ").read_bytes() and int(pid) != daemon.pid:
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
    return [line for line in found if line]


def left_behind(daemon: Daemon) -> list[Path]:
    work = daemon.metrics_path / "charts" / "work"
    # Not Path.rglob, which raises where a folder is removed under it.
    return sorted(Path(folder, name) for folder, *kinds in os.walk(work) for names in kinds for name in names)


@pytest.mark.parametrize("metric_type", METRIC_TYPES)
def test_every_metric_with_every_filter_is_a_png_of_its_size(node: Daemon, metric_type: str) -> None:
    """With the colours of its traces, whatever the metric; where nothing fits the filter it is a chart that says so."""
    filters: list[dict[str, str]] = [
        {},
        {"operation_type": "add"},
        {"backend": "ipfs"},
        {"status": "failed"},
        {"operation_type": "add", "backend": "s3", "status": "completed"},
        {"backend": "nobody"},
    ]
    for chosen in filters:
        # Lines may lie on one another: there must be room for a legend.
        answer = visualize(node, metric_type, width=8, height=4, **chosen)
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/png"), answer.text
        assert answer.content.startswith(SIGNATURE)
        seen = pixels(answer.content)
        assert seen.shape == (400, 800, 3)
        figure = visualize(node, metric_type, width=8, height=4, format="json", **chosen).json()
        colours = colours_of(figure["data"])
        assert bool(colours) == (metric_type in _known(chosen))
        assert [each for each in colours if not near(seen, each).any()] == []
        if not colours:
            assert near(seen[150:250, 50:750], THEMES["light"].ink).sum() > 50, "a blank picture"


def _known(filters: dict[str, str]) -> set[str]:
    """Return the metrics of which something fits the filters."""
    if filters.get("backend") == "nobody":
        return set()
    # Nothing is in flight as failed or completed; rates, retries and health know no status.
    return set(METRIC_TYPES) - ({"queue_size"} if "status" in filters else set())


def test_a_png_has_a_colour_for_each_series(node: Daemon) -> None:
    """The figure's own colours are found in the picture."""
    figure = visualize(node, "throughput", format="json").json()
    colours = {str(trace.get("line", {}).get("color")) for trace in figure["data"] if trace.get("name")}
    image = Image.open(io.BytesIO(visualize(node, "throughput").content)).convert("RGB")
    found = {f"#{red:02x}{green:02x}{blue:02x}" for _, (red, green, blue) in image.getcolors(1 << 20) or []}
    series = {colour for colour in colours if re.fullmatch("#[0-9a-f]{6}", colour)}
    assert len(series & found) >= len(TYPES) * len(BACKENDS), series - found


@pytest.mark.parametrize(("form", "beginning"), [("svg", b"<svg"), ("html", b"<!doctype html"), ("json", b"{")])
def test_the_other_forms(node: Daemon, form: str, beginning: bytes) -> None:
    """Each under its own content type."""
    answer = visualize(node, "operation_latency", format=form)
    assert answer.status_code == 200 and answer.content.lower().startswith(beginning)


def test_eight_at_once(node: Daemon) -> None:
    """All are drawn, each in its own size."""
    with ThreadPoolExecutor(8) as clients:
        asked = [
            clients.submit(requests.get, _url(node, metric_type), params={"width": 4 + at}, timeout=60)
            for at, metric_type in enumerate(METRIC_TYPES)
        ]
        for at, each in enumerate(asked):
            assert each.result().status_code == 200, each.result().text
            assert Image.open(io.BytesIO(each.result().content)).size == ((4 + at) * 100, 800)


def test_a_chart_of_the_past_is_drawn_once(node: Daemon) -> None:
    """Its tag comes with it, also after a restart; one that reaches until now has none."""
    first = visualize(node, "queue_size")
    again = visualize(node, "queue_size")
    assert first.headers["ETag"] == again.headers["ETag"]
    assert first.content == again.content
    known = node.ask(
        "GET",
        "visualization/queue_size",
        params={"start_time": BEGIN, "end_time": END},
        headers={"If-None-Match": first.headers["ETag"]},
    )
    assert (known.status_code, known.content) == (304, b"")
    assert "ETag" not in node.ask("GET", "visualization/queue_size", params={"format": "json"}).headers
    node.restart()
    assert visualize(node, "queue_size").content == first.content
    assert visualize(node, "queue_size", width=11).headers["ETag"] != first.headers["ETag"]


def test_a_late_event_makes_another_chart(node: Daemon) -> None:
    """What was kept is not what is stored any more."""
    before = visualize(node, "operation_count", format="svg")
    with node.producer() as producer:
        producer.hello("late")
        producer.store(1, life(f"late {time.time()}", BEGIN + 100.0))

    def settled() -> requests.Response | None:
        answer = visualize(node, "operation_count", format="svg")
        return answer if "ETag" in answer.headers else None

    after = until(settled, "the late event to be in a part")
    assert after is not None and after.headers["ETag"] != before.headers["ETag"]
    assert after.content != before.content


def test_the_real_client_gets_pictures_and_reports(node: Daemon, tmp_path: Path) -> None:
    """ipfs_kit_py's own client, unchanged: a visualization of all eight, and a report with its files."""
    client = peers.wal_telemetry_client().WALTelemetryClient(node.url)
    for metric_type in METRIC_TYPES:
        path = tmp_path / f"{metric_type}.png"
        answer = client.get_visualization(metric_type, time_range=(BEGIN, END), width=6, height=4, save_path=str(path))
        assert answer["success"] and answer["saved"], answer
        assert Image.open(path).size == (600, 400)
    asked = client.generate_report(BEGIN, END)
    assert asked["success"] and asked["message"]
    report_id = asked["report_id"]
    assert asked["report_url"] == f"{node.url}/api/v0/wal/telemetry/reports/{report_id}/report.html"
    assert Path(asked["report_path"]).is_dir()

    def done() -> dict[str, Any] | None:
        told: dict[str, Any] = client.get_report_file(report_id, "report.json")
        assert told["success"] and told["status"] in ("running", "done"), told
        return told if told["status"] == "done" else None

    report = until(done, "the report to be done")
    assert report is not None and set(METRIC_TYPES) <= {name.removesuffix(".png") for name in report["files"]}
    for name in ("report.html", "index.html"):
        page = client.get_report_file(report_id, name)
        assert page["content_type"].startswith("text/html")
        assert b"operation_latency.png" in page["content"]
    picture = client.get_report_file(report_id, "operation_latency.png")
    assert picture["content_type"] == "image/png" and picture["content"].startswith(SIGNATURE)
    for name in report["files"]:
        assert node.ask("GET", f"reports/{report_id}/{name}").status_code == 200, name


def test_equal_reports_of_the_past_are_one(node: Daemon) -> None:
    """The second is the first."""
    span = {"start_time": BEGIN, "end_time": END - 3600}
    first, second = (node.ask("POST", "report", json=span).json() for _ in range(2))
    assert first["report_id"] == second["report_id"]
    listed = [report["report_id"] for report in node.get("reports")["reports"]]
    assert listed.count(first["report_id"]) == 1


@pytest.mark.parametrize(
    "name",
    [
        "..%2f..%2fmetrics%2fsettings.json",
        "%2e%2e%2fsettings.json",
        "..",
        "%2fetc%2fpasswd",
        "link",
        "report.html%00.png",
        "report.html%2f..%2fdata.csv",
        "nothing.html",
    ],
)
def test_path_games_find_nothing(node: Daemon, name: str) -> None:
    """A name that the report does not list is no file, whatever it would lead to."""
    made = node.ask("POST", "report", json={"start_time": BEGIN, "end_time": END}).json()
    link = Path(made["report_path"]) / "link"
    link.unlink(missing_ok=True)
    link.symlink_to("/etc/passwd")
    raw = requests.Request("GET", node.url).prepare()
    raw.url = f"{node.url}/api/v0/wal/telemetry/reports/{made['report_id']}/{name}"
    with requests.Session() as session:
        answer = session.send(raw, timeout=60)
    assert answer.status_code in (400, 404)
    assert answer.json()["success"] is False
    other = raw.url.replace(made["report_id"], f"..%2f{made['report_id']}")
    assert requests.get(other, timeout=60).status_code in (400, 404)


def test_a_listed_name_that_has_become_a_link_is_no_file(node: Daemon) -> None:
    """Whoever can write there shows nothing else through us."""
    made = node.ask("POST", "report", json={"start_time": BEGIN + 60, "end_time": END}).json()
    until(lambda: _status(node, made["report_id"]) == "done", "the report to be done")
    picture = Path(made["report_path"]) / "data.csv"
    picture.unlink()
    picture.symlink_to("/etc/passwd")
    answer = node.ask("GET", f"reports/{made['report_id']}/data.csv")
    assert (answer.status_code, answer.json()["error_type"]) == (404, "unknown_report")


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_nothing_is_left_of_a_daemon_that_draws(new_daemon: Callable[..., Daemon], end: str) -> None:
    """No process and no temporary folder, after SIGTERM and after SIGKILL, while charts are being drawn."""
    daemon = new_daemon()
    daemon.start()
    assert daemon.ask("GET", "visualization/throughput").status_code == 200
    assert any("worker" in line for line in processes_below(daemon))
    with ThreadPoolExecutor(4) as clients:
        under_way = [clients.submit(requests.get, _url(daemon, each), timeout=60) for each in METRIC_TYPES[:4]]
        getattr(daemon, end)()
        for each in under_way:
            each.exception(60)
    until(lambda: not processes_below(daemon), "the processes that draw to be gone")
    until(lambda: not left_behind(daemon), "the temporary files to be gone")


def test_without_a_browser_pages_and_figures_still_work(new_daemon: Callable[..., Daemon], tmp_path: Path) -> None:
    """PNG and SVG are a 503 that says what to install; a report has everything but them."""
    daemon = new_daemon(PATH=str(tmp_path))
    daemon.start()
    for form in ("png", "svg"):
        answer = daemon.ask("GET", "visualization/throughput", params={"format": form})
        assert (answer.status_code, answer.json()["error_type"]) == (503, "charts_unavailable")
        assert "chromium-headless-shell" in answer.json()["error"] and "Retry-After" in answer.headers
    for form in ("html", "json"):
        assert daemon.ask("GET", "visualization/throughput", params={"format": form}).status_code == 200
    assert daemon.ask("GET", "/-/healthy").json()["browser"] is None
    made = daemon.ask("POST", "report").json()
    until(lambda: _status(daemon, made["report_id"]) == "done", "the report to be done")
    page = daemon.ask("GET", f"reports/{made['report_id']}/report.html").text
    assert "chromium-headless-shell" in page and ".png" not in page


def test_reports_of_a_daemon_that_died_are_told_failed(new_daemon: Callable[..., Daemon]) -> None:
    """The page is whole, and says why."""
    daemon = new_daemon()
    daemon.start()
    made = daemon.ask("POST", "report").json()
    daemon.kill()
    daemon.start()
    status = _status(daemon, made["report_id"])
    assert status in ("failed", "done")
    page = daemon.ask("GET", f"reports/{made['report_id']}/report.html").text
    assert page.rstrip().endswith("</html>") and 'http-equiv="refresh"' not in page


def _status(daemon: Daemon, report_id: str) -> str:
    return str(json.loads(daemon.ask("GET", f"reports/{report_id}/report.json").text)["status"])


def _url(daemon: Daemon, metric_type: str) -> str:
    return f"{daemon.url}/api/v0/wal/telemetry/visualization/{metric_type}"
