"""Nothing to draw, said in words."""

from __future__ import annotations

import pytest

from telemetryd.charts.drawing import Look
from telemetryd.charts.figures.blank import sentence
from telemetryd.charts.theme import EMPTY
from telemetryd.model.metrics import METRIC_TYPES
from tests.charts.samples import NOON, drawing

from .reading import read, scene_of


@pytest.mark.parametrize(
    ("metric_type", "words"),
    [
        ("operation_latency", "No operation ended between 23 Nov, 12:00 and 24 Nov 2026, 12:00 UTC"),
        ("queue_size", "No operation was in flight between"),
        ("retry_count", "No operation was retried between"),
        ("backend_health", "No backend's health was known between"),
        ("operation_count", "No operation entered any status between"),
    ],
)
def test_what_there_is_not(metric_type: str, words: str) -> None:
    """Each metric says what did not happen, and when."""
    assert sentence(scene_of(drawing(metric_type, "none"))).startswith(words)


def test_filters_are_part_of_the_sentence() -> None:
    """What was not there may be there without the filters, which are named."""
    made = drawing("operation_count", "none", operation_type="pin", backend="ipfs", status="failed")
    assert sentence(scene_of(made)).startswith("No operation entered failed (pin on ipfs, status failed) between")


def test_the_future_is_not_known() -> None:
    """A range that has not begun is not one in which nothing happened."""
    made = drawing("throughput", "none", start=NOON, end=NOON + 60, now=NOON - 1.0)
    assert sentence(scene_of(made)) == "Nothing can be known yet of 24 Nov 2026, 12:00 – 12:01 UTC"


@pytest.mark.parametrize("metric_type", METRIC_TYPES)
def test_a_chart_of_nothing_has_its_axes(metric_type: str) -> None:
    """The range, the axis of values, the sentence in the middle, and the same sentence for those who do not see it."""
    figure = read(drawing(metric_type, "none"))
    assert len(figure.data) == 0
    assert figure.layout.xaxis.range == ("2026-11-23T12:00:00.000", "2026-11-24T12:00:00.000")
    (note,) = (each for each in figure.layout.annotations if each.templateitemname == EMPTY)
    assert (note.x, note.y, note.xref) == (0.5, 0.5, "paper")
    assert note.text.replace("<br>", " ") in figure.layout.meta["alt"]


def test_a_tiny_chart_of_nothing_says_so_in_two_words() -> None:
    """Where the sentence has no room, two words have."""
    figure = read(drawing("throughput", "none", look=Look(100, 100)))
    assert [note.text for note in figure.layout.annotations] == ["no data"]
