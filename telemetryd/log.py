"""Structured logs on standard error, in the form that suits whoever reads them.

Pretty on a terminal; else one JSON object a line; and where standard error is systemd's journal, entries
whose message is that object and whose fields are its values. Lines of libraries go the same way. Of a kind
that repeats too fast, most lines are left out and counted.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from telemetryd.instrumentation import Instrumentation
from telemetryd.instrumentation.log_events import LibrarySaid, LinesLost, RepeatsSuppressed
from telemetryd.instrumentation.repeats import Repeats
from telemetryd.journald import Journald, is_behind
from telemetryd.model.settings import LogSettings, Settings

# As syslog counts, which is what the journal's PRIORITY and a line's ``<N>`` are.
PRIORITIES = {"debug": 7, "info": 6, "warning": 4, "error": 3, "critical": 2}
_FIRST = ("timestamp", "level", "event", "kind")
STANDARD_ERROR = 2
_json = structlog.processors.JSONRenderer()


class Log:
    """The log of this process; ``prepare`` changes its level in a reload. What it says itself goes by ``instrumentation``."""

    def __init__(
        self,
        level: str,
        instrumentation: Instrumentation,
        repeats: Repeats | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._least = PRIORITIES[level]
        self._instrumentation = instrumentation
        self._repeats = Repeats() if repeats is None else repeats
        self._clock = clock
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None

    def prepare(self, settings: Settings) -> Callable[[], None]:
        """Return what has the level of ``settings`` hold."""
        least = PRIORITIES[settings.log.level]

        def commit() -> None:
            self._least = least

        return commit

    def close(self) -> None:
        """Tell what was left out and not told yet."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            left_out = self._repeats.rest()
        self._tell(left_out)

    def select(self, logger: WrappedLogger, method: str, line: EventDict) -> EventDict:
        """Pass a line on, or drop it: below the level, or one too many of its kind."""
        kind = line.get("kind", line["event"])
        if PRIORITIES[method] > self._least:
            raise structlog.DropEvent
        if kind == RepeatsSuppressed.__name__:
            return line
        with self._lock:
            now = self._clock()
            left_out = self._repeats.over(now)
            admitted = self._repeats.admits(kind, now)
            if not admitted and self._timer is None:
                self._timer = _later(self._repeats.interval, self._tell_later)
        self._tell(left_out)
        if not admitted:
            raise structlog.DropEvent
        return line

    def _tell_later(self) -> None:
        with self._lock:
            left_out = self._repeats.over(self._clock())
            self._timer = _later(self._repeats.interval, self._tell_later) if self._repeats.owing else None
        self._tell(left_out)

    def _tell(self, left_out: Mapping[str, int]) -> None:
        for kind, lines in left_out.items():
            self._instrumentation.emit(RepeatsSuppressed(kind, lines))


def configure(
    settings: LogSettings,
    environ: Mapping[str, str] = os.environ,
    repeats: Repeats | None = None,
    journald: Callable[[], Journald] = Journald,
    instrumentation: Instrumentation | None = None,
) -> Log:
    """Set up the log of this process, that of libraries included, and return it; ``instrumentation`` counts what it says."""
    instrumentation = Instrumentation() if instrumentation is None else instrumentation
    log = Log(settings.level, instrumentation, repeats)
    form = settings.format if settings.format != "auto" else _form(environ)
    plain = structlog.WriteLogger(_Forgiving())  # type: ignore[arg-type]
    render: Processor = _json
    logger: Any = plain
    if form == "pretty":
        render = _Pretty(sys.stderr.isatty())
    elif form == "journal":
        render, logger = _entry, _Entries(journald(), plain)
    structlog.configure(
        processors=[
            log.select,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _ordered,
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
        logger_factory=lambda *_: logger,
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(handlers=[_Libraries(instrumentation)], level=logging.WARNING, force=True)
    logging.captureWarnings(True)
    return log


def _form(environ: Mapping[str, str]) -> str:
    if is_behind(STANDARD_ERROR, environ):
        return "journal"
    return "pretty" if sys.stderr.isatty() else "json"


def _ordered(logger: WrappedLogger, method: str, line: EventDict) -> EventDict:
    """Put first what every line has."""
    return {**{name: line[name] for name in _FIRST if name in line}, **line}


def _entry(logger: WrappedLogger, method: str, line: EventDict) -> tuple[tuple[str], dict[str, Any]]:
    """Return what :class:`_Entries` writes."""
    return (str(_json(logger, method, line)),), {"line": line}


class _Pretty:
    """Writes lines for eyes; what a producer put into a value does not get to steer their terminal."""

    def __init__(self, colours: bool) -> None:
        self._render = structlog.dev.ConsoleRenderer(colors=colours, exception_formatter=structlog.dev.plain_traceback)

    def __call__(self, logger: WrappedLogger, method: str, line: EventDict) -> str:
        shown = {name: _harmless(each) if isinstance(each, str) else each for name, each in line.items()}
        return self._render(logger, method, shown)


class _Entries:
    """Writes lines as entries of systemd's journal; where none takes them, to the stream it reads, with their priority.

    A line that the journal has no room for is lost, and told as a number once it has: the stream leads to the same
    journal, and would keep the event loop waiting for it.
    """

    def __init__(self, journald: Journald, stream: structlog.WriteLogger) -> None:
        self._journald = journald
        self._stream = stream
        self._told = 0

    def msg(self, message: str, line: Mapping[str, Any]) -> None:
        priority = str(PRIORITIES[line["level"]])
        fields = {"MESSAGE": message, "PRIORITY": priority, "SYSLOG_IDENTIFIER": "telemetryd"}
        if "kind" in line:
            fields["TELEMETRYD_EVENT"] = line["kind"]
        values = {name: value for name, value in line.items() if name not in _FIRST and value is not None}
        fields |= {f"TELEMETRYD_{name.upper()}": str(value) for name, value in values.items()}
        lost = self._journald.lost
        if not self._journald.send(fields):
            self._stream.msg(f"<{priority}>{message}")
        elif self._journald.lost != self._told and self._journald.lost == lost:
            self._told = lost
            Instrumentation().emit(LinesLost(lost))

    debug = info = warning = error = critical = msg


class _Libraries(logging.Handler):
    """Takes the lines of libraries, and Python's warnings, into the log."""

    def __init__(self, instrumentation: Instrumentation) -> None:
        super().__init__()
        self._instrumentation = instrumentation

    def emit(self, record: logging.LogRecord) -> None:
        try:
            words = record.getMessage()
        except (TypeError, ValueError):  # its values do not fit its words
            words = str(record.msg)
        error = "".join(traceback.format_exception(*record.exc_info)) if record.exc_info else None
        level = record.levelname.lower()
        said = LibrarySaid(record.name, words, error)
        self._instrumentation.emit(said, level if level in PRIORITIES else said.level)


def _harmless(text: str) -> str:
    return "".join(each if each.isprintable() or each in "\t\n" else ascii(each)[1:-1] for each in text)


def _later(seconds: float, call: Callable[[], None]) -> threading.Timer:
    timer = threading.Timer(seconds, call)
    timer.daemon = True
    timer.start()
    return timer


class _Forgiving:
    """Standard error, without a buffer, so that what cannot be written is lost: where the log's disk is full too, the daemon has to outlive saying so."""

    def write(self, text: str) -> None:
        data = text.encode(errors="backslashreplace")
        with contextlib.suppress(OSError):
            while data:
                data = data[os.write(STANDARD_ERROR, data) :]

    def flush(self) -> None:
        """Nothing is kept back."""
