"""The frame around the traces: size, margins, heading, legend, axis of time, the line of now."""

from __future__ import annotations

from telemetryd.charts.lettering import markup
from telemetryd.charts.theme import NOW, SUBTITLE, template

from .axes import limits, time_axis
from .blank import sentence
from .canvas import Plot
from .scene import Part, Scene, Sketch
from .strokes import instant

# Of how much of a range nothing can be known yet, for a line to say so.
_UNKNOWN = 0.02


def layout(scene: Scene, sketch: Sketch) -> Part:
    """Return the layout of a figure."""
    plot, canvas = sketch.plot, scene.canvas
    now = _now(scene)
    values = dict(sketch.values)
    titles = values.pop("titles", [])
    parts: Part = {
        "template": template(scene.drawing.look.theme),
        "width": canvas.width,
        "height": canvas.height,
        "margin": {"l": plot.left, "r": plot.right, "t": plot.top, "b": plot.bottom, "autoexpand": False, "pad": 0},
        "font": {"size": canvas.text},
        "hoverlabel": {"font": {"size": canvas.text}},
        "hovermode": sketch.hovermode,
        "dragmode": "zoom",
        "xaxis": time_axis(scene.drawing, plot) | {"anchor": "y2" if sketch.two_panels else "y"},
        "yaxis": values,
        "showlegend": plot.legend.at != "nowhere",
        "legend": _legend(plot),
        "annotations": [*_subtitle(scene, plot), *sketch.annotations, *_called_now(scene, now, plot.width)],
        "shapes": now,
        "meta": {
            "alt": _alt(scene, sketch),
            "title": scene.heading.whole_title,
            "subtitle": scene.heading.whole_subtitle,
            "room": _room(plot) | {"titles": titles},
        },
    }
    if canvas.has_title:
        parts["title"] = _title(scene, plot)
    for name, part in sketch.layout.items():
        parts[name] = parts[name] | part if isinstance(part, dict) and name in parts else part
    return parts


def _title(scene: Scene, plot: Plot) -> Part:
    canvas, heading = scene.canvas, scene.heading
    return {
        "text": markup(heading.title),
        "font": {"size": canvas.title_size},
        "x": 0,
        "xanchor": "left",
        "xref": "container",
        "yref": "container",
        "y": 1,
        "yanchor": "top",
        "pad": {"t": canvas.row * 0.55, "l": canvas.inset, "r": 0, "b": 0},
    }


def _subtitle(scene: Scene, plot: Plot) -> list[Part]:
    """Return the lines below the title; Plotly's own subtitle stands too far from it."""
    lines = scene.heading.lines
    if not lines or not scene.canvas.has_title:
        return []
    return [
        {
            "templateitemname": SUBTITLE,
            "visible": True,
            "showarrow": False,
            "xref": "paper",
            "yref": "paper",
            "x": 0,
            "y": 1,
            "xanchor": "left",
            "yanchor": "bottom",
            "align": "left",
            # An annotation has an edge of two pixels around its text.
            "xshift": scene.canvas.inset - plot.left - 2,
            "yshift": scene.canvas.row * 0.5,
            "text": "<br>".join(map(markup, lines)),
            "font": {"size": scene.canvas.text},
        }
    ]


def _legend(plot: Plot) -> Part:
    canvas = plot.canvas
    legend: Part = {"font": {"size": canvas.text}, "itemsizing": "trace", "tracegroupgap": 0, "itemwidth": 30}
    if plot.legend.at == "right":
        return legend | {
            "orientation": "v",
            "xref": "container",
            "x": 1 - 6 * canvas.unit / canvas.width,
            "xanchor": "right",
            "yref": "paper",
            "y": 1,
            "yanchor": "top",
        }
    return legend | {
        "orientation": "h",
        "xref": "paper",
        "x": -(plot.left - canvas.inset) / plot.width,
        "xanchor": "left",
        "yref": "paper",
        "y": -plot.ticks / plot.height,
        "yanchor": "top",
        "entrywidthmode": "pixels",
        "entrywidth": plot.legend.entry + 6,
    }


def _room(plot: Plot) -> Part:
    """Return what chart.js must know to fit the figure into another width."""
    legend = plot.legend
    return {
        "right": plot.edge,
        "legend": {
            "entries": len(legend.names),
            "entry": legend.entry,
            "row": plot.canvas.row * 1.1,
            "height": legend.height,
        },
    }


def _now(scene: Scene) -> list[Part]:
    drawing = scene.drawing
    low, high = limits(drawing)
    if not low < drawing.now < high - (high - low) * _UNKNOWN:
        return []
    line = {"templateitemname": NOW, "visible": True, "type": "line", "xref": "x", "yref": "paper", "y0": 0, "y1": 1}
    return [line | {"x0": instant(drawing.now), "x1": instant(drawing.now)}]


def _called_now(scene: Scene, lines: list[Part], width: float) -> list[Part]:
    """Return the word beside the line of now, where there is room for it."""
    if not lines or scene.canvas.text < 11:
        return []
    low, high = limits(scene.drawing)
    late = (scene.drawing.now - low) / (high - low) * width > width - 30 * scene.canvas.unit
    return [
        {
            "x": lines[0]["x0"],
            "yref": "paper",
            "y": 1,
            "xanchor": "right" if late else "left",
            "yanchor": "top",
            "text": "now",
            "font": {"size": scene.canvas.text},
        }
    ]


def _alt(scene: Scene, sketch: Sketch) -> str:
    said = sketch.alt or [f"{sentence(scene)}."]
    return " ".join([f"{scene.heading.whole_title}, {scene.heading.scope}.", *said])
