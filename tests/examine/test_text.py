"""Reports and views as people read them."""

from __future__ import annotations

from pathlib import Path

import pytest

from telemetryd.examine.findings import PartsFound, Problem, Report
from telemetryd.examine.text import HOW_TO_MEND, printable, report_lines, view_lines
from telemetryd.examine.view import inspect

from .places import ACTIVE_SEGMENT, HOUR_EVENTS, HOUR_ROLLUP


def text(report: Report, *, repaired: bool = False) -> str:
    return "\n".join(report_lines(report, repaired=repaired))


def test_a_clean_report_ends_with_that_word() -> None:
    """After what there is."""
    report = Report("/store", parts={"events": PartsFound(1, 2000, 3000, 1)})
    assert text(report).splitlines() == [
        "/store",
        "  events   1 file, 2,000 rows, 3,000 bytes, 1 of format 1, without checksums",
        "  journal  0 segments, 0 events, 0 bytes",
        "clean",
    ]


def test_problems_are_told_with_what_to_do() -> None:
    """Each on its line; the last line counts them, and says how they are mended or what was."""
    report = Report("/store", "17", problems=[Problem("a", "wrong"), Problem("b", "odd", "set aside")])
    lines = text(report).splitlines()
    assert "  in use by process 17: a moving picture, and nothing is changed" in lines
    assert "  PROBLEM  a: wrong" in lines
    assert lines[-1] == f"2 problems; {HOW_TO_MEND}"
    assert text(report, repaired=True).splitlines()[-1] == "2 problems, 1 mended or set aside, 1 left"


@pytest.mark.parametrize("name", ["a\nb", "\x1b[31mred", "\udcff", "a\rb"])
def test_a_name_of_any_bytes_moves_no_terminal(name: str) -> None:
    """It is shown escaped, and can be printed."""
    shown = printable(name)
    assert shown.isprintable()
    shown.encode()


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("", ["in use by   nobody", "21 rows", "date=2023-11-14/hour=21"]),
        (ACTIVE_SEGMENT, ["active", "before sequence 29", "wal batch 5, 7 events"]),
        (HOUR_EVENTS, ["format 2", "sequence    1 to 7", "timestamp[us, tz=UTC]", "operation_id=1-a"]),
        (HOUR_ROLLUP, ["rollups part", "latency_buckets"]),
    ],
)
def test_a_view_says_what_it_is_of(store: Path, path: str, says: list[str]) -> None:
    """Every line is a line, and can be printed."""
    lines = list(view_lines(inspect(str(store / path), 1, 10)))
    assert all(line.isprintable() for line in lines)
    for words in says:
        assert any(words in line for line in lines), words
