"""Logs go to standard error: pretty on a terminal, one JSON object a line elsewhere, entries where it is systemd's journal."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.entries import listening_at, received

HEAD = """
import logging, warnings, structlog
from telemetryd import log
from telemetryd.instrumentation import Instrumentation
from telemetryd.instrumentation.events import Quarantined, Draining
from telemetryd.instrumentation.repeats import Repeats
from telemetryd.journald import Journald
from telemetryd.model.settings import LogSettings, Settings
"""
SCRIPT = (
    HEAD
    + """
log.configure(LogSettings({settings}))
logger = structlog.get_logger("telemetryd")
logger.debug("detail", pid=7)
logger.info("serving", url="http://127.0.0.1:1")
"""
)


def run(program: str, *arguments: str, **more: Any) -> subprocess.CompletedProcess[str]:
    more = {"capture_output": True, **more}
    return subprocess.run([sys.executable, "-c", program, *arguments], text=True, check=True, timeout=60, **more)


def lines(program: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run(program).stderr.splitlines()]


def test_lines_are_json_where_no_one_looks() -> None:
    """With the event, its level, the time in UTC, and its values; standard output stays clean."""
    done = run(SCRIPT.format(settings=""))
    (line,) = done.stderr.splitlines()
    told = json.loads(line)
    assert list(told) == ["timestamp", "level", "event", "url"]
    assert told.pop("timestamp").endswith("Z")
    assert told == {"event": "serving", "level": "info", "url": "http://127.0.0.1:1"}
    assert done.stdout == ""


def test_a_lower_level_tells_more() -> None:
    """Details only for who asks."""
    assert [line["event"] for line in lines(SCRIPT.format(settings="level='debug'"))] == ["detail", "serving"]
    assert lines(SCRIPT.format(settings="level='warning'")) == []


def test_the_level_changes_at_once() -> None:
    """When a reload commits, and not before; for loggers too that have been used."""
    program = (
        HEAD
        + """
lines = log.configure(LogSettings())
logger = structlog.get_logger("telemetryd")
logger.debug("one")
commit = lines.prepare(Settings(log=LogSettings(level="debug")))
logger.debug("two")
commit()
logger.debug("three")
lines.prepare(Settings(log=LogSettings(level="error")))()
logger.warning("four")
logger.error("five")
"""
    )
    assert [line["event"] for line in lines(program)] == ["three", "five"]


def on_a_terminal(settings: str) -> str:
    ours, theirs = os.openpty()
    try:
        run(SCRIPT.format(settings=settings), capture_output=False, stderr=theirs)
        with open(ours, "rb", buffering=0, closefd=False) as terminal:
            return terminal.readline().decode()
    finally:
        os.close(ours)
        os.close(theirs)


def test_lines_are_pretty_on_a_terminal() -> None:
    """For the eyes of who started the daemon by hand."""
    text = on_a_terminal("")
    assert "serving" in text and "url" in text and not text.startswith("{")


def test_a_value_does_not_steer_the_terminal() -> None:
    """What a producer sends can be in a line; escape sequences are shown, not obeyed."""
    program = (
        HEAD
        + """
log.configure(LogSettings(format="pretty"))
Instrumentation().emit(Draining("\\x1b[31m\\x07\\x9b31m"))
Instrumentation().emit(Draining("two\\nlines"))
"""
    )
    text = run(program).stderr
    assert "\\x1b[31m\\x07\\x9b31m" in text and "two\\nlines" in text
    assert all(each.isprintable() or each == "\n" for each in text)


def test_the_form_can_be_chosen() -> None:
    """JSON on a terminal, and pretty in a file, there without colours."""
    assert json.loads(on_a_terminal("format='json'"))["event"] == "serving"
    text = run(SCRIPT.format(settings="format='pretty'")).stderr
    assert "serving" in text and "{" not in text and "\x1b" not in text


def test_a_log_that_cannot_be_written_stops_nothing() -> None:
    """A disk that is full of data is most often full for the log as well."""
    program = (
        HEAD
        + """
import os
log.configure(LogSettings())
structlog.get_logger().error("the journal cannot be written", error="No space left on device")
os._exit(7)
"""
    )
    with open("/dev/full", "w") as full:
        assert subprocess.run([sys.executable, "-c", program], stderr=full, check=False).returncode == 7


def test_libraries_speak_in_the_same_form() -> None:
    """What they log from a warning on, with the traceback where there is one, and Python's own warnings."""
    program = (
        HEAD
        + """
log.configure(LogSettings())
logging.getLogger("aiohttp.server").info("a request")
logging.getLogger("aiohttp.server").warning("the peer sent %d bytes", 7)
logging.getLogger("odd").warning("%d bytes", "seven")
try:
    1 / 0
except ZeroDivisionError:
    logging.getLogger("asyncio").exception("Task exception was never retrieved")
warnings.warn("soon gone")
"""
    )
    first, odd, second, third = lines(program)
    assert (first["kind"], first["level"], first["logger"]) == ("LibrarySaid", "warning", "aiohttp.server")
    assert (first["words"], first["error"]) == ("the peer sent 7 bytes", None)
    assert odd["words"] == "%d bytes"
    assert (second["level"], second["logger"]) == ("error", "asyncio")
    assert second["error"].startswith("Traceback") and "ZeroDivisionError" in second["error"]
    assert "soon gone" in third["words"]


def test_what_the_log_says_itself_is_counted() -> None:
    """With all else that the daemon says: lines of libraries by the one kind, at whatever level, and what was left out."""
    program = (
        HEAD
        + """
counting = Instrumentation()
lines = log.configure(LogSettings(), repeats=Repeats(1, 3600), instrumentation=counting)
logging.getLogger("aiohttp.server").warning("one")
logging.getLogger("asyncio").error("two")
lines.close()
print(counting.counts["LibrarySaid"], counting.counts["RepeatsSuppressed"])
"""
    )
    assert run(program).stdout.split() == ["2", "1"]


REPEATS = (
    HEAD
    + """
lines = log.configure(LogSettings(), repeats=Repeats({most}, {interval}))
for number in range(1000):
    Instrumentation().emit(Quarantined(f"{{number}}", "bad"))
Instrumentation().emit(Draining("SIGTERM"))
{end}
"""
)


def test_a_kind_that_repeats_is_written_so_often_and_then_counted() -> None:
    """Other kinds are not touched; at the end what was left out is told."""
    told = lines(REPEATS.format(most=5, interval=3600, end="lines.close()"))
    assert [line["kind"] for line in told] == ["Quarantined"] * 5 + ["Draining", "RepeatsSuppressed"]
    assert (told[-1]["of"], told[-1]["more"], told[-1]["level"]) == ("Quarantined", 995, "warning")


def test_what_was_left_out_is_told_when_the_interval_is_over() -> None:
    """Also where nothing else is ever said."""
    program = REPEATS.format(most=5, interval=0.5, end="import sys; sys.stdin.read()")
    pipes = {"stdin": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", program], text=True, **pipes) as process:
        assert process.stdin is not None and process.stderr is not None
        written = left_out = 0
        while written + left_out < 1000:
            line = json.loads(process.stderr.readline())
            written += line["kind"] == "Quarantined"
            left_out += line.get("more", 0)
        process.stdin.close()
        assert left_out and process.wait(60) == 0


@pytest.fixture
def journal(short_path: Path) -> Iterator[socket.socket]:
    """What stands for systemd's journal."""
    with listening_at(str(short_path / "journal")) as made:
        yield made


# As under systemd: standard error is a stream to the journal, which the environment names.
UNDER_SYSTEMD = (
    HEAD
    + """
import os, sys
found = os.fstat(2)
environ = {"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"}
lines = log.configure(LogSettings(), environ, journald=lambda: Journald(sys.argv[1]))
Instrumentation().emit(Quarantined("events/1.parquet", "expected a footer\\nfound none"))
"""
)


def test_lines_are_entries_where_standard_error_is_the_journal(journal: socket.socket) -> None:
    """The message is the same JSON as elsewhere; kind, priority and values are fields to select by."""
    assert run(UNDER_SYSTEMD, journal.getsockname()).stderr == ""
    entry = received(journal)
    message = json.loads(entry.pop("MESSAGE"))
    assert (message["event"], message["kind"], message["level"]) == ("quarantined", "Quarantined", "error")
    assert entry == {
        "PRIORITY": "3",
        "SYSLOG_IDENTIFIER": "telemetryd",
        "TELEMETRYD_EVENT": "Quarantined",
        "TELEMETRYD_PATH": "events/1.parquet",
        "TELEMETRYD_ERROR": "expected a footer\nfound none",
    }


def test_a_journal_that_does_not_listen_gets_the_line_by_its_stream(short_path: Path) -> None:
    """With the priority in front, as systemd reads it."""
    (line,) = run(UNDER_SYSTEMD, str(short_path / "nobody")).stderr.splitlines()
    assert line.startswith("<3>")
    assert json.loads(line.removeprefix("<3>"))["kind"] == "Quarantined"


BEHIND = (
    UNDER_SYSTEMD
    + """
import socket
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
    other.setblocking(False)
    try:
        while True:
            other.sendto(b"MESSAGE=noise\\n", sys.argv[1])
    except BlockingIOError:
        pass
for _ in range(3):
    Instrumentation().emit(Quarantined("events/2.parquet", "expected room"))
print("behind", flush=True)
input()
Instrumentation().emit(Quarantined("events/3.parquet", "expected nothing"))
"""
)


def test_lines_that_the_journal_has_no_room_for_are_lost_and_counted(journal: socket.socket) -> None:
    """None goes to the stream, which leads to the same journal and would be waited for; the number is told as soon as it can be."""
    command = [sys.executable, "-c", BEHIND, journal.getsockname()]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, text=True, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        assert process.stdout is not None and process.stdout.readline() == "behind\n"
        messages = []
        journal.setblocking(False)
        with suppress(BlockingIOError):
            while True:
                messages.append(received(journal)["MESSAGE"])
        assert not any("events/2" in message for message in messages)
        journal.settimeout(60)
        _, said = process.communicate("\n", timeout=60)
        assert said == ""
        assert "events/3" in received(journal)["MESSAGE"]
        lost = json.loads(received(journal)["MESSAGE"])
        assert (lost["kind"], lost["so_far"]) == ("LinesLost", 3)
