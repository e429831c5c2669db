"""Figures: what a drawing's samples look like, one builder for each metric.

Belongs here: which traces, axes and words a metric is drawn with, and how they give way where there is
little room. Never here: light or dark (that is the template's), a browser, a number that is not in the samples.
Invariants: no more points than pixels; a gap stays a gap; a name that a user chose is no markup.
"""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import TYPE_CHECKING

from telemetryd.charts.drawing import Drawing
from telemetryd.charts.frames import Frame
from telemetryd.charts.lettering import markup

from .blank import blank
from .canvas import Canvas
from .counts import operation_count, retry_count
from .heading import Heading
from .health import backend_health
from .latency import operation_latency
from .layout import layout
from .queue import queue_size
from .rates import error_rate, success_rate
from .scene import Part, Scene, Sketch
from .still import still
from .throughput import throughput

if TYPE_CHECKING:
    import plotly.graph_objects as go

BUILDERS: MappingProxyType[str, Callable[[Scene], Sketch]] = MappingProxyType(
    {
        "operation_count": operation_count,
        "operation_latency": operation_latency,
        "success_rate": success_rate,
        "error_rate": error_rate,
        "backend_health": backend_health,
        "throughput": throughput,
        "queue_size": queue_size,
        "retry_count": retry_count,
    }
)


def figure_of(drawing: Drawing) -> go.Figure:
    """Return the figure of a drawing, of its look's size and theme.

    ``layout.meta`` holds ``alt`` (what it shows, in sentences), ``title`` and ``subtitle`` as plain text.
    """
    # Images do without, and importing it takes a tenth of a second and 40 MB.
    import plotly.graph_objects as go

    # Plotly looks at every value again, which takes longer than all of this; the tests have it do so.
    return go.Figure(_parts(drawing), _validate=False)


def picture_of(drawing: Drawing) -> Part:
    """Return the figure of a drawing as PNG and SVG are drawn of it, in plain values and arrays."""
    return still(_parts(drawing))


def _parts(drawing: Drawing) -> Part:
    canvas = Canvas.of(drawing.look)
    scene = Scene(Frame.of(drawing), canvas, Heading.of(canvas, drawing))
    sketch = blank(scene) if scene.frame.empty else BUILDERS[drawing.metric_type](scene)
    names = sketch.plot.legend.names
    for trace in sketch.traces:
        name: str = trace.get("name", "")
        trace["name"] = markup(names.get(name, name))
    return {"data": sketch.traces, "layout": layout(scene, sketch)}
