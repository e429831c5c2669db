"""A range in which there is nothing to draw: proper axes, and in the middle a sentence that says so."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

from telemetryd.charts import moments
from telemetryd.charts.lettering import markup
from telemetryd.charts.theme import EMPTY

from .axes import amounts, shares, times, towards_all, towards_none
from .canvas import Plot
from .heading import filters, wrapped
from .scene import Part, Scene, Sketch

# How much larger than other text.
_LARGER = 1.15
_NOTHING = MappingProxyType(
    {
        "operation_count": "No operation entered {status}",
        "operation_latency": "No operation ended",
        "success_rate": "No operation ended",
        "error_rate": "No operation ended",
        "backend_health": "No backend's health was known",
        "throughput": "No operation ended",
        "queue_size": "No operation was in flight",
        "retry_count": "No operation was retried",
    }
)
_AXES: MappingProxyType[str, Callable[[Plot], Part]] = MappingProxyType(
    {
        "operation_count": lambda plot: amounts(plot, ("entries into a status",), 0.0),
        "operation_latency": lambda plot: times(plot, ("latency",), 0.1, 1.0),
        "success_rate": lambda plot: shares(plot, ("completed of ended operations", "completed"), towards_all),
        "error_rate": lambda plot: shares(plot, ("failed of ended operations", "failed"), towards_none),
        "backend_health": lambda plot: amounts(plot, ("",), 0.0) | {"showticklabels": False},
        "throughput": lambda plot: amounts(plot, ("operations ended per minute", "per minute"), 0.0),
        "queue_size": lambda plot: amounts(plot, ("operations in flight", "in flight"), 0.0),
        "retry_count": lambda plot: amounts(plot, ("retries",), 0.0),
    }
)


def blank(scene: Scene) -> Sketch:
    """Return the axes of a metric, with a sentence in the middle."""
    plot = scene.plot([])
    lines = wrapped(sentence(scene), scene.canvas, plot.width * 0.9 / _LARGER)
    if len(lines) * scene.canvas.row > plot.height:
        lines = ["no data"]
    return Sketch(
        plot=plot,
        traces=[],
        values=_AXES[scene.drawing.metric_type](plot) | {"showgrid": False},
        alt=[],
        annotations=[
            {
                "templateitemname": EMPTY,
                "visible": True,
                "showarrow": False,
                "xref": "paper",
                "yref": "paper",
                "x": 0.5,
                "y": 0.5,
                "text": "<br>".join(markup(line) for line in lines),
                "font": {"size": round(scene.canvas.text * _LARGER)},
            }
        ],
    )


def sentence(scene: Scene) -> str:
    """Return what there is not, for which filters, and in which range."""
    drawing = scene.drawing
    what = _NOTHING[drawing.metric_type].format(status=drawing.status or "any status")
    if drawing.start >= drawing.now:
        return f"Nothing can be known yet of {moments.span(drawing.start, drawing.end)}"
    said = filters(drawing)
    start, end = moments.between(drawing.start, drawing.end)
    return f"{what}{f' ({said})' if said else ''} between {start} and {end}"
