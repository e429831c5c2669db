"""The frame around the traces."""

from __future__ import annotations

from telemetryd.charts.drawing import Look
from telemetryd.charts.figures.layout import layout
from telemetryd.charts.figures.throughput import throughput
from telemetryd.charts.theme import NOW, SUBTITLE
from tests.charts.samples import NOON, drawing

from .reading import read, scene_of


def test_a_figure_describes_itself() -> None:
    """``meta`` says in words what is shown: what, of what, when, and the highest value with its instant."""
    meta = read(drawing("throughput")).layout.meta
    assert meta["title"] == "Throughput of operations"
    assert meta["alt"].startswith(
        "Throughput of operations, 23 Nov, 12:00 – 24 Nov 2026, 12:00 UTC. 134,239 operations ended"
    )
    assert "most of them get on local" in meta["alt"]
    assert "At most 160 a minute, 24 Nov 2026, 03:50 – 04:00 UTC." in meta["alt"]
    assert "<" not in meta["alt"]


def test_now_is_marked_where_the_range_goes_on() -> None:
    """A line says up to when anything is known, unless that is the end anyway."""
    figure = read(drawing("throughput", now=NOON - 7200.0))
    (line,) = figure.layout.shapes
    assert (line.templateitemname, line.x0) == (NOW, "2026-11-24T10:00:00.000")
    assert [note.text for note in figure.layout.annotations][-1] == "now"
    assert not read(drawing("throughput")).layout.shapes
    assert not read(drawing("throughput", now=NOON - 2 * 86400.0)).layout.shapes


def test_the_subtitle_stands_below_the_title() -> None:
    """It is an annotation that hangs at the plot, so that it stays there in whatever size a page gives it."""
    (note,) = (each for each in read(drawing("throughput")).layout.annotations if each.templateitemname == SUBTITLE)
    assert (note.yref, note.y, note.yanchor) == ("paper", 1, "bottom")
    assert "UTC" in note.text
    small = read(drawing("throughput", look=Look(300, 200)))
    assert [each for each in small.layout.annotations if each.templateitemname == SUBTITLE] == []


def test_what_a_page_needs_to_fit_the_figure() -> None:
    """The room of the legend is told, in pixels, and how the axis of values may be called, from long to short."""
    scene = scene_of(drawing("throughput", look=Look(600, 400)))
    made = layout(scene, throughput(scene))
    room = made["meta"]["room"]["legend"]
    assert room["entries"] == len(throughput(scene).plot.legend.names)
    assert 0 < room["height"] < made["margin"]["b"]
    titles, widths = zip(*made["meta"]["room"]["titles"], strict=True)
    assert made["yaxis"]["title"]["text"] in titles and "titles" not in made["yaxis"]
    assert list(widths) == sorted(widths, reverse=True)
    assert made["legend"]["orientation"] == "h"
    assert (
        layout(scene_of(drawing("throughput")), throughput(scene_of(drawing("throughput"))))["legend"]["orientation"]
        == "v"
    )
