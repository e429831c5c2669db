"""What an examination finds: values, told as text and as data elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong. ``path`` is below the metrics path; ``mended`` says what was done about it, if anything."""

    path: str
    found: str
    mended: str = ""


@dataclass(frozen=True, slots=True)
class SegmentFound:
    """A segment of the journal: how many records and events can be read, and how many bytes cannot.

    ``undecodable_records`` are whole, and say something that this release cannot take.
    """

    path: str
    size: int
    first_sequence: int
    records: int
    events: int
    torn_bytes: int
    damaged_bytes: int
    undecodable_records: int = 0


@dataclass(slots=True)
class PartsFound:
    """All parts of one kind; ``unchecked`` files are of format 1, which has no checksums but those of pages."""

    files: int = 0
    rows: int = 0
    bytes: int = 0
    unchecked: int = 0


@dataclass(slots=True)
class Report:
    """What `telemetryd fsck` found in a store; ``held_by`` is the process that has it in use, or nothing."""

    metrics_path: str
    held_by: str = ""
    segments: list[SegmentFound] = field(default_factory=list)
    hours: int = 0
    parts: dict[str, PartsFound] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    quarantine: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        return not self.problems

    def as_data(self) -> dict[str, Any]:
        """Return the report as plain values."""
        return {
            "metrics_path": self.metrics_path,
            "in_use_by_process": self.held_by or None,
            "clean": self.clean,
            "problems": [_plain(each) | {"mended": each.mended or None} for each in self.problems],
            "notes": [_plain(each) for each in self.notes],
            "journal": [{name: getattr(each, name) for name in each.__dataclass_fields__} for each in self.segments],
            "hours": self.hours,
            **{
                kind: {"files": found.files, "rows": found.rows, "bytes": found.bytes, "unchecked": found.unchecked}
                for kind, found in self.parts.items()
            },
            "quarantine": self.quarantine,
        }


def _plain(problem: Problem) -> dict[str, str]:
    return {"path": problem.path, "found": problem.found}
