"""What stands above a chart."""

from __future__ import annotations

from typing import Any

import pytest

from telemetryd.charts.drawing import Look
from telemetryd.charts.figures.canvas import Canvas
from telemetryd.charts.figures.heading import Heading, filters, series_name, wrapped
from telemetryd.charts.lettering import width_of
from tests.charts.samples import drawing


def heading(metric_type: str = "operation_latency", kind: str = "much", **overrides: Any) -> Heading:
    made = drawing(metric_type, kind, **overrides)
    return Heading.of(Canvas.of(made.look), made)


def test_a_heading_says_what_when_and_how() -> None:
    """The title is the metric; below it filters, range in UTC, local time and the width of a sample."""
    told = heading(operation_type="pin", backend="ipfs", status="failed")
    assert told.title == "Latency of operations"
    assert told.whole_subtitle == (
        "pin on ipfs, status failed · 23 Nov, 12:00 – 24 Nov 2026, 12:00 UTC"
        " · local time is UTC+01:00 CET · one sample per minute"
    )
    assert told.scope == "pin on ipfs, status failed, 23 Nov, 12:00 – 24 Nov 2026, 12:00 UTC"
    assert " ".join(told.lines).replace("   ·   ", " · ").startswith("pin on ipfs, status failed · 23 Nov")


def test_one_series_is_part_of_the_title() -> None:
    """A chart of one series is called after it, unless the filters say it."""
    assert heading(kind="one").title == "Latency of operations: pin on ipfs"
    assert heading(kind="one", backend="ipfs", operation_type="pin").title == "Latency of operations"


@pytest.mark.parametrize(
    ("size", "title", "lines"),
    [
        ((600, 400), "Latency of operations", 2),
        ((300, 200), "Latency of operations", 0),
        ((120, 150), "Operation latency", 0),
        ((100, 100), "Latency", 0),
    ],
)
def test_a_heading_gives_way(size: tuple[int, int], title: str, lines: int) -> None:
    """The smaller the chart, the shorter the title and the fewer lines below it; what is left out are the ends."""
    told = heading(look=Look(*size))
    assert (told.title, len(told.lines)) == (title, lines)
    assert all(width_of(line, 12) <= size[0] for line in told.lines)


@pytest.mark.parametrize(
    ("metric_type", "words"),
    [
        ("throughput", "get on s3, status failed"),
        ("error_rate", "get on s3"),
        ("backend_health", "on s3"),
    ],
)
def test_filters_that_make_no_difference_are_not_told(metric_type: str, words: str) -> None:
    """Rates do not depend on the status, nor health on the operation type."""
    assert filters(drawing(metric_type, operation_type="get", backend="s3", status="failed")) == words
    assert filters(drawing(metric_type)) == ""


def test_names_are_bounded() -> None:
    """However long names are, a series is called by eighty characters of them at most, both ends of each."""
    made = drawing("throughput", keys=[("a" * 63 + "z", "W" * 64)])
    name = series_name(made, made.keys[0])
    assert len(name) == 80 + len(" on ")
    assert "aaz on WW" in name


def test_wrapped_words_fit() -> None:
    """A sentence becomes lines of a width, and a word that is wider is cut."""
    canvas = Canvas.of(Look())
    lines = wrapped(f"No operation ended on {'W' * 64} between then and now", canvas, 200)
    assert all(width_of(line, canvas.text) <= 200 for line in lines)
    assert lines[0] == "No operation ended on"
