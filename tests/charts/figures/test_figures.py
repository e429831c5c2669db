"""Every figure: valid, no larger than its picture, the same in light and dark, and safe whatever things are called."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import orjson
import plotly.graph_objects as go
import pytest

from telemetryd.charts.drawing import THEMES, Look
from telemetryd.charts.figures import BUILDERS, figure_of
from telemetryd.model.metrics import METRIC_TYPES
from telemetryd.model.timerange import DAY, HOUR
from tests.charts.samples import KINDS, NOON, drawing

from .reading import acts, named, plot_of, read, scene_of, texts

SIZES = ((100, 100), (300, 200), (600, 400), (1200, 800), (420, 800), (2000, 500), (4000, 4000))
HOSTILE = (
    "<b>x</b>", '<a href="javascript:alert(1)">', "%{z}", "$x^2$", "&lt;", "a\u202eb", "new\nline", "W" * 64,
    "\x00\x1b[31m", "<extra></extra>", "}}%{customdata}", "שלום",
)  # fmt: skip
each_metric = pytest.mark.parametrize("metric_type", METRIC_TYPES)
each_kind = pytest.mark.parametrize("kind", KINDS)


def test_every_metric_has_a_builder() -> None:
    """What is drawn is a row of the table of builders."""
    assert set(BUILDERS) == set(METRIC_TYPES)


@each_metric
@each_kind
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_a_figure_is_one_that_plotly_takes(metric_type: str, kind: str, size: tuple[int, int]) -> None:
    """Whatever is drawn at whatever size, Plotly knows every attribute, and the figure goes through JSON."""
    figure = read(drawing(metric_type, kind, look=Look(*size)))
    layout = orjson.loads(figure.to_json(engine="orjson"))["layout"]
    assert (layout["width"], layout["height"]) == size
    assert layout["meta"]["alt"].endswith(".")
    assert layout["meta"]["title"]


@each_metric
@each_kind
def test_points_do_not_outnumber_pixels(metric_type: str, kind: str) -> None:
    """No trace has more points than the plot is wide, bars have four pixels each, and no series is drawn twice over."""
    for look in (Look(), Look(600, 400), Look(300, 200)):
        figure = read(drawing(metric_type, kind, look=look))
        width, _ = plot_of(figure)
        for trace in figure.data:
            if trace.type == "heatmap":
                assert np.shape(trace.z)[1] <= width
            elif not (trace.type == "scatter" and (trace.fill == "toself" or "other series" in trace.name)):
                assert np.isfinite(np.asarray(trace.y, np.float64)).sum() <= width + 1, trace.name
            if trace.type == "bar" and trace.orientation != "h":
                assert len(trace.x) * 4 <= width + 4


@each_metric
@each_kind
def test_themes_differ_in_the_template_alone(metric_type: str, kind: str) -> None:
    """A page may put the other theme's template into a figure, and has the other theme's figure."""
    light, dark = (figure_of(drawing(metric_type, kind, look=Look(theme=theme))).to_dict() for theme in THEMES)
    assert light["layout"].pop("template") != dark["layout"].pop("template")
    assert str(light) == str(dark)


@each_metric
@pytest.mark.parametrize("look", [Look(), Look(500, 400)], ids=["large", "small"])
def test_names_are_no_markup(metric_type: str, look: Look) -> None:
    """Nothing in a title, a legend, a tick, an annotation or hover text acts, whatever users call things."""
    keys: list[tuple[str, ...]] = [(name, HOSTILE[-1 - at]) for at, name in enumerate(HOSTILE)]
    if metric_type == "backend_health":
        keys = [(name,) for name in HOSTILE]
    for filters in ({}, {"backend": HOSTILE[0]}, {"operation_type": HOSTILE[2], "backend": HOSTILE[1]}):
        for zone in ("CET", "<b>%{x}"):
            figure = figure_of(drawing(metric_type, "much", keys=keys, look=look, zone=zone, **filters))
            found = list(texts(figure.to_dict()))
            assert len(found) > 10
            assert [text for text in found if acts(text)] == []
            assert not any(name in text for text in found for name in HOSTILE[:3])
            assert not any(character in text for text in found for character in "\u202e\x00\x1b")


def test_the_proof_of_harmless_names_would_find_a_harmful_one() -> None:
    """Raw names are seen as what they are."""
    assert all(acts(name) for name in HOSTILE[1:4])
    assert acts("a & b") and acts("{x}")
    assert acts("<b>%{y:.3~s}s</b><br>%{x|%-d %b} UTC<extra></extra>") == ""


@each_metric
@pytest.mark.parametrize(
    ("start", "end", "interval", "now"),
    [
        (NOON, NOON, 60, NOON + 1.0),
        (NOON, NOON, 60, NOON - HOUR * 1.0),
        (NOON + DAY, NOON + 2 * DAY, 60, NOON * 1.0),
        (NOON - HOUR, NOON + HOUR, 60, NOON - 1.0),
        (NOON - 60, NOON, 60, NOON - 30.0),
        (NOON - 90, NOON, 1, NOON + 1.0),
        (NOON - 2 * HOUR - 7, NOON - 3, 420, NOON + 1.0),
        (NOON - 3 * DAY, NOON, 5 * HOUR, NOON + 1.0),
        (NOON - 900 * DAY, NOON, DAY, NOON + 1.0),
        (0, 253_402_300_800, 366 * DAY, NOON * 1.0),
        (NOON - 86_000, NOON + 1, 1, NOON * 1.0),
    ],
)
def test_odd_ranges(metric_type: str, start: int, end: int, interval: int, now: float) -> None:
    """No length, the future, an unfinished interval, seconds, years, all of time: each has its chart."""
    figure = read(drawing(metric_type, "much", start=start, end=end, interval=interval, now=now))
    first, last = (np.datetime64(at) for at in figure.layout.xaxis.range)
    assert first < last
    assert figure.layout.meta["alt"]


@each_metric
def test_odd_values(metric_type: str) -> None:
    """Nothing, NaN, negative and enormous numbers are drawn, or left out, without a word."""
    made = drawing(metric_type, "much")
    length = len(made.timestamp) // 8
    for value in (0.0, np.nan, -1.0, 1e18, np.inf, 5e-324):
        column = np.full(length, value).tobytes()
        odd = msgspec.structs.replace(made, statistics=dict.fromkeys(made.statistics, column))
        read(odd)
    mixed = np.resize([0.0, np.nan, 1e-9, 1e9], length).tobytes()
    read(msgspec.structs.replace(made, statistics=dict.fromkeys(made.statistics, mixed)))


@each_metric
def test_one_series_needs_no_legend(metric_type: str) -> None:
    """The title says which series it is, in place of a legend with one entry."""
    figure = read(drawing(metric_type, "one"))
    assert figure.layout.title.text.endswith(": ipfs" if metric_type == "backend_health" else ": pin on ipfs")
    if metric_type not in ("operation_count", "queue_size"):
        assert not figure.layout.showlegend


@each_metric
@each_kind
@pytest.mark.parametrize("size", [(1200, 800), (600, 400), (420, 800), (2000, 500)])
def test_a_legend_does_not_eat_the_chart(metric_type: str, kind: str, size: tuple[int, int]) -> None:
    """At least six tenths of the width and half of the height are left for what is drawn."""
    width, height = plot_of(read(drawing(metric_type, kind, look=Look(*size))))
    assert width >= 0.6 * size[0]
    assert height >= 0.5 * size[1]


@each_metric
def test_instants_are_words(metric_type: str) -> None:
    """No axis, mark or point has its time as a number: Plotly would take it for a local one."""
    figure = orjson.loads(read(drawing(metric_type, "one")).to_json(engine="orjson"))
    layout = figure["layout"]
    times: list[Any] = [*layout["xaxis"]["range"], *(shape["x0"] for shape in layout.get("shapes", []))]
    times += [note["x"] for note in layout["annotations"] if note.get("xref") != "paper"]
    for trace in figure["data"]:
        times += trace.get("base", trace["x"] if trace.get("orientation") != "h" else [])
    assert len(times) > 4
    assert all(isinstance(at, str) and at.startswith("2026-11-24T") for at in times)


def test_names_of_a_legend_are_cut_and_hover_text_is_not() -> None:
    """A legend has as much of a name as fits; the whole name is at the point."""
    long = [("download from the north", f"cluster number {number:02} of the north") for number in range(4)]
    figure = read(drawing("throughput", "much", keys=long, look=Look(800, 500)))
    (total,) = named(figure, "all series")
    assert "all series" in total.hovertemplate
    lines = [trace for trace in figure.data if trace.mode.startswith("lines") and trace is not total]
    assert all("…" in trace.name and long[0][0] in trace.hovertemplate for trace in lines)


def test_a_scene_names_series_by_what_the_heading_does_not_say() -> None:
    """Where all series are of one backend or of one operation type, their names leave it out."""
    keys = [("get", "ipfs"), ("pin", "ipfs")]
    made = drawing("throughput", "much", keys=keys)
    assert scene_of(made).name(0) == "get on ipfs"
    assert scene_of(msgspec.structs.replace(made, backend="ipfs")).name(0) == "get"
    assert scene_of(msgspec.structs.replace(made, operation_type="get")).name(0) == "ipfs"
    assert replace(scene_of(made)).drawing == made


def test_validation_is_not_what_makes_a_figure() -> None:
    """A figure is the same whether or not Plotly looks at it again."""
    figure = figure_of(drawing("queue_size", "gaps"))
    assert [trace.type for trace in figure.data] == [trace.type for trace in go.Figure(figure.to_dict()).data]


@each_metric
def test_the_last_day_there_is(metric_type: str) -> None:
    """A chart whose bins end after the last date that can be written is written all the same."""
    end = 253_402_300_799
    for start, interval in ((0, 366 * DAY), (end - DAY, 60), (NOON, 366 * DAY)):
        made = drawing(metric_type, "much", start=start, end=end, interval=interval, now=end + 1.0)
        figure = figure_of(made).to_plotly_json()
        assert orjson.dumps(figure, default=lambda value: value.tolist(), option=orjson.OPT_SERIALIZE_NUMPY)
