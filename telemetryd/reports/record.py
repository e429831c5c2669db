"""What is known of one report: its range, its state, its files; and what its ``report.json`` says of that."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

import msgspec

from telemetryd.model.metrics import METRIC_TYPES

Status: TypeAlias = Literal["running", "done", "failed"]

OPERATION = "generate_telemetry_report"
PAGE, INDEX, JSON, CSV = "report.html", "index.html", "report.json", "data.csv"
STYLE, SCRIPT = "report.css", "report.js"
PLOTLY, CHARTS = "plotly-cartesian.min.js", "chart.js"
PICTURES = MappingProxyType({metric: f"{metric}.png" for metric in METRIC_TYPES})
# What a page needs while the report is made, and where it failed.
FIRST_FILES = (PAGE, INDEX, JSON, STYLE)
# Every name that a file of a report can have. Nothing else in a report's folder is ever read, served or removed.
FILES = (*FIRST_FILES, CSV, SCRIPT, PLOTLY, CHARTS, *PICTURES.values())

# Unix seconds of its making and a number that makes it the only one.
REPORT_ID = re.compile(r"report_[0-9]{1,12}_[0-9]{5}")


class Record(msgspec.Struct, frozen=True):
    """A report: ``created``, ``start_time`` and ``end_time`` in Unix seconds, the range half open.

    ``progress`` (0 to 1) and ``step`` say how far it is and what is done just now, ``seconds`` how long
    it has been made, or took. ``error`` is the sentence that says why it failed. ``fingerprint`` is the
    word that its range was stored under, where nothing of that could change any more.
    """

    report_id: str
    path: str
    status: Status
    created: float
    start_time: int
    end_time: int
    progress: float = 0.0
    step: str = ""
    seconds: float = 0.0
    files: tuple[str, ...] = FIRST_FILES
    size: int = 0
    error: str | None = None
    fingerprint: str | None = None

    def shown(self) -> dict[str, Any]:
        """Return what a list of reports says of it."""
        return {name: value for name, value in msgspec.to_builtins(self).items() if name not in _NOT_SHOWN}

    def answers(self, start: int, end: int, fingerprint: str | None) -> bool:
        """Whether it says, or will say, all that a new report of this range would."""
        if fingerprint is None or (self.start_time, self.end_time, self.fingerprint) != (start, end, fingerprint):
            return False
        # One without pictures was made while nothing could draw them: by now, something may.
        return self.status == "running" or (self.status == "done" and set(PICTURES.values()) <= set(self.files))


_NOT_SHOWN = ("path", "fingerprint")


class _Stored(msgspec.Struct):
    """What a ``report.json`` must hold to be one of ours."""

    report_id: str
    status: Status
    created: float
    start_time: int
    end_time: int
    progress: float
    step: str
    seconds: float
    files: tuple[str, ...]
    error: str | None
    fingerprint: str | None


def to_json(record: Record, now: float, **content: Any) -> bytes:
    """Return the ``report.json`` of a report, with whatever ``content`` it has; ``now`` in Unix seconds."""
    # Its own size is not known before it is written; the folder tells.
    told = {name: value for name, value in msgspec.to_builtins(record).items() if name not in ("path", "size")}
    return msgspec.json.encode({"success": True, "operation": OPERATION, "timestamp": now, **told, **content})


def from_json(data: bytes, report_id: str, path: str) -> Record:
    """Return the record that the ``report.json`` of a folder holds; raises ``ValueError`` where it is none of ours."""
    try:
        stored = msgspec.json.decode(data, type=_Stored)
    except msgspec.MsgspecError as error:
        raise ValueError(str(error)) from None
    if stored.report_id != report_id:
        raise ValueError(f"expected report_id {report_id!r}, found {stored.report_id!r}")
    told = msgspec.structs.asdict(stored)
    return Record(path=path, **told | {"files": tuple(name for name in stored.files if name in FILES)})
