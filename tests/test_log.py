"""Logs go to standard error, one JSON object a line, or pretty on a terminal."""

from __future__ import annotations

import json
import os
import subprocess
import sys

SCRIPT = """
import structlog
from telemetryd import log
log.configure({level})
logger = structlog.get_logger("telemetryd")
logger.debug("detail", pid=7)
logger.info("serving", url="http://127.0.0.1:1")
"""


def run(level: str = "") -> subprocess.CompletedProcess[str]:
    script = [sys.executable, "-c", SCRIPT.format(level=level)]
    return subprocess.run(script, capture_output=True, text=True, check=True, timeout=60)


def test_lines_are_json_where_no_one_looks() -> None:
    """With the event, its level, the time in UTC, and its values; standard output stays clean."""
    done = run()
    (line,) = done.stderr.splitlines()
    told = json.loads(line)
    assert told.pop("timestamp").endswith("Z")
    assert told == {"event": "serving", "level": "info", "url": "http://127.0.0.1:1"}
    assert done.stdout == ""


def test_a_lower_level_tells_more() -> None:
    """Details only for who asks."""
    assert [json.loads(line)["event"] for line in run('"debug"').stderr.splitlines()] == ["detail", "serving"]


def test_lines_are_pretty_on_a_terminal() -> None:
    """For the eyes of who started the daemon by hand."""
    ours, theirs = os.openpty()
    try:
        subprocess.run([sys.executable, "-c", SCRIPT.format(level="")], stderr=theirs, check=True, timeout=60)
        text = os.read(ours, 65536).decode()
    finally:
        os.close(ours)
        os.close(theirs)
    assert "serving" in text and "url" in text and not text.startswith("{")


def test_a_log_that_cannot_be_written_stops_nothing() -> None:
    """A disk that is full of data is most often full for the log as well."""
    program = """
import os, structlog
from telemetryd import log
log.configure()
structlog.get_logger().error("the journal cannot be written", error="No space left on device")
os._exit(7)
"""
    with open("/dev/full", "w") as full:
        assert subprocess.run([sys.executable, "-c", program], stderr=full, check=False).returncode == 7
