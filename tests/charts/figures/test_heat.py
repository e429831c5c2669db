"""The heat map below the lines of latency."""

from __future__ import annotations

import numpy as np

from telemetryd.charts.drawing import Look
from telemetryd.charts.figures.heat import Heat
from telemetryd.charts.theme import HEADING
from tests.charts.samples import drawing

from .reading import read, scene_of


def heat_of(kind: str, *size: int) -> Heat | None:
    scene = scene_of(drawing("operation_latency", kind, look=Look(*size)))
    return Heat.of(scene, scene.plot([]))


def test_rows_are_as_many_as_fit() -> None:
    """All series where there is room, else the slowest, and never more than half of the plot."""
    few, many = heat_of("much", 1200, 800), heat_of("forty", 1200, 800)
    assert few is not None and many is not None
    assert len(few.codes) == 12
    assert 15 <= len(many.codes) < 40
    assert min(few.above, many.above) > 0.5
    assert heat_of("much", 600, 350) is None
    assert heat_of("one", 1200, 800) is None


def test_cells_are_the_highest_of_their_samples_and_gaps_are_empty() -> None:
    """A column some minutes wide has the highest 95th percentile of them, and none where there is none."""
    figure = read(drawing("operation_latency", "gaps"))
    (trace,) = (each for each in figure.data if each.type == "heatmap")
    empty = np.isnan(np.asarray(trace.z)).all(axis=0)
    assert empty.any() and not empty.all()
    assert len(trace.x) == np.shape(trace.z)[1] + 1
    assert trace.hoverongaps is False


def test_the_heading_says_how_many_are_shown() -> None:
    """A heat map of some of the series says so."""
    for kind, words in (("much", "95th percentile by series"), ("forty", "95th percentile, the 18 slowest series")):
        figure = read(drawing("operation_latency", kind))
        assert [note.text for note in figure.layout.annotations if note.templateitemname == HEADING] == [words]


def test_rows_with_one_name_stay_apart() -> None:
    """Two series whose names are alike when cut have a row each."""
    keys = [("get", f"{'n' * 30}{letter}{'s' * 30}") for letter in "ab"]
    figure = read(drawing("operation_latency", "much", keys=keys))
    (trace,) = (each for each in figure.data if each.type == "heatmap")
    assert len(set(trace.y)) == 2
