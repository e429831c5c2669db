from __future__ import annotations

import re
from pathlib import Path

import pytest

from telemetryd.hooks import Statistics

from .scripted_daemon import ScriptedDaemon

DOCUMENT = (Path(__file__).resolve().parents[2] / "docs" / "hooks.md").read_text()


def test_the_example_does_what_it_says(daemon: ScriptedDaemon, monkeypatch: pytest.MonkeyPatch) -> None:
    """Copied from docs/hooks.md and run, it tells the daemon everything in it."""
    monkeypatch.setenv("TELEMETRYD_INGEST_SOCKET", daemon.path)
    found = re.search(r"<!-- run by .*? -->\n```python\n(.*?)```", DOCUMENT, re.DOTALL)
    assert found is not None
    exec(found[1], {})
    told = [event.get("status", event["event"]) for event in daemon.events]
    assert told == [
        "operation_start",
        "processing",
        "retrying",
        "processing",
        "completed",
        "backend_health_change",
    ]


def test_every_statistic_is_explained() -> None:
    """The table of docs/hooks.md has all fields of the statistics, and no others."""
    table = DOCUMENT[DOCUMENT.index("## How it is doing") : DOCUMENT.index("## What it costs")]
    named = [name for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)]
    assert named == list(Statistics.__annotations__)
