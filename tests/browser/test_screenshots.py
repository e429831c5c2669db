"""Pictures of what people see, of a node as busy as a real one: looked at by people, and kept in docs/images by scripts/screenshots."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import expect

from telemetryd.model.metrics import METRIC_TYPES
from tests.end_to_end.daemon import ROOT, Daemon
from tests.end_to_end.waiting import until

from .visit import Visit

DESK = {"viewport": {"width": 1280, "height": 900}}
PHONE = {"viewport": {"width": 360, "height": 760}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}
DARK = {"color_scheme": "dark"}
# Fewer colours make a small file, and nobody sees the difference.
COLOURS = 160

# Whether a chart of the live view has a line of several points.
PAST_IS_DRAWN = """
    () => [...document.querySelectorAll(".livecharts svg *")].some((each) => (each.getAttribute("d") ?? each.getAttribute("points") ?? "").length > 100)
"""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the pictures go: TELEMETRYD_SCREENSHOTS, or nowhere that stays."""
    chosen = Path(os.environ.get("TELEMETRYD_SCREENSHOTS") or tmp_path_factory.mktemp("pictures"))
    chosen.mkdir(parents=True, exist_ok=True)
    return chosen


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A daemon that has taken six hours of a simulated WAL's history."""
    import tempfile

    with tempfile.TemporaryDirectory(prefix="td-") as name:
        daemon = Daemon(Path(name))
        try:
            daemon.start()
            wal = [sys.executable, str(ROOT / "scripts" / "simulated_wal.py"), "--socket", daemon.socket]
            choices = ["--history-hours", "6", "--rate", "3", "--seed", "a picture", "--duration", "1"]
            subprocess.run([*wal, *choices], check=True, timeout=100, capture_output=True)
            yield daemon
        finally:
            daemon.end()


@pytest.fixture
def keep(folder: Path) -> Callable[[str, bytes], None]:
    """Keep a picture under a name, after a look at whether there is anything on it."""

    def kept(name: str, png: bytes) -> None:
        image = Image.open(io.BytesIO(png)).convert("RGB")
        assert len(image.getcolors(1 << 24) or []) > 50, f"{name} is blank"
        image.quantize(COLOURS, dither=Image.Dither.NONE).save(folder / f"{name}.png", optimize=True)

    return kept


@pytest.mark.parametrize("metric_type", METRIC_TYPES)
def test_a_chart(busy: Daemon, keep: Callable[[str, bytes], None], metric_type: str) -> None:
    """As the API sends it."""
    answer = busy.ask(
        "GET", f"visualization/{metric_type}", params={"width": 10, "height": 5, "start_time": _past(busy)}
    )
    assert answer.status_code == 200, answer.text
    keep(f"chart-{metric_type}", answer.content)


@pytest.mark.parametrize(("name", "options"), [("light", DESK), ("dark", DESK | DARK), ("phone", PHONE)])
def test_live(
    busy: Daemon, visit: Callable[..., Visit], keep: Callable[[str, bytes], None], name: str, options: Any
) -> None:
    """The dashboard as it opens."""
    page = visit(f"{busy.url}/", **options)
    page.expect_live()
    expect(page.page.locator(".livecharts svg").first).to_be_visible()
    # The minutes before the page was opened come a moment later.
    page.page.wait_for_function(PAST_IS_DRAWN)
    keep(f"live-{name}", page.page.screenshot())


@pytest.mark.parametrize(("name", "options"), [("light", DESK), ("dark", DESK | DARK)])
def test_history(
    busy: Daemon, visit: Callable[..., Visit], keep: Callable[[str, bytes], None], name: str, options: Any
) -> None:
    """All metrics over some hours."""
    page = visit(f"{busy.url}/#history?range=6h", **options)
    expect(page.page.locator("svg.main-svg").nth(1)).to_be_visible()
    keep(f"history-{name}", page.page.screenshot())


@pytest.mark.parametrize(("name", "options"), [("light", DESK), ("dark", DESK | DARK), ("phone", PHONE)])
def test_docs(
    busy: Daemon, visit: Callable[..., Visit], keep: Callable[[str, bytes], None], name: str, options: Any
) -> None:
    """The API, to be read."""
    page = visit(f"{busy.url}/docs#get_telemetry", **options)
    expect(page.page.locator("#get_telemetry-title")).to_be_in_viewport()
    keep(f"docs-{name}", page.page.screenshot())


def test_timeline(busy: Daemon, visit: Callable[..., Visit], keep: Callable[[str, bytes], None]) -> None:
    """One operation, and all that happened to it."""
    found = busy.get("operations", sort="failed", limit=1)["operations"][0]
    page = visit(f"{busy.url}/", **DESK)
    search = page.page.locator("#operation-id")
    search.fill(found["operation_id"])
    search.press("Enter")
    expect(page.page.locator("dialog[open]")).to_be_visible()
    expect(page.page.locator("dialog[open]")).to_contain_text("retrying")
    keep("timeline", page.page.screenshot())


def test_a_report(busy: Daemon, visit: Callable[..., Visit], keep: Callable[[str, bytes], None]) -> None:
    """Its beginning, in light and dark."""
    made = busy.ask("POST", "report", json={"start_time": _past(busy)}).json()
    until(lambda: _done(busy, made["report_id"]), "the report to be done")
    for name, options in (("light", DESK), ("dark", DESK | DARK), ("phone", PHONE)):
        page = visit(made["report_url"], **options)
        expect(page.page.locator("svg.main-svg").first).to_be_visible()
        keep(f"report-{name}", page.page.screenshot())


def _past(daemon: Daemon) -> float:
    return float(daemon.get("realtime")["timestamp"]) - 6 * 3600


def _done(daemon: Daemon, report_id: str) -> bool:
    told = daemon.ask("GET", f"reports/{report_id}/report.json").json()
    assert told["status"] != "failed", told
    return bool(told["status"] == "done")
