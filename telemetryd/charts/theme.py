"""The one design of all charts: what is light or dark of it, as Plotly templates in plain values.

Whatever depends on the theme stands here and nowhere in a figure, so that a page can turn a chart
from light to dark by putting the other template in its place. Colours of data are the same in both.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif'

# Names of what a template holds ready for figures: the smaller lines below a title, text in the middle of an empty chart, a heading
# inside one, a remark at a point, and the line that says how far anything is known.
EMPTY, HEADING, NOTE, NOW, SUBTITLE = "empty", "heading", "note", "now", "subtitle"


@dataclass(frozen=True, slots=True)
class Theme:
    """The colours of one theme, as ``#rrggbb``; ``heat`` goes from little to much."""

    surface: str
    ink: str
    muted: str
    line: str
    heat: tuple[str, ...]


THEMES = MappingProxyType(
    {
        "light": Theme(
            surface="#ffffff",
            ink="#1b2230",
            muted="#5a6475",
            line="#dde2ea",
            heat=("#f6ecc8", "#f2ce85", "#e79d51", "#d2623f", "#9c2b4b", "#521445"),
        ),
        "dark": Theme(
            surface="#171d27",
            ink="#e7ebf1",
            muted="#9aa6b6",
            line="#2a3341",
            heat=("#33294f", "#64296b", "#a23a66", "#dc6347", "#f0a94e", "#f8e9a5"),
        ),
    }
)


@cache
def template(theme: str) -> dict[str, Any]:
    """Return the Plotly template of a theme, ``light`` or ``dark``. It is shared: nobody changes it."""
    look = THEMES[theme]
    axis = {
        "gridcolor": look.line,
        "linecolor": look.line,
        "tickcolor": look.line,
        "zeroline": False,
        "tickfont": {"color": look.muted},
        "title": {"font": {"color": look.muted}},
        "spikecolor": look.muted,
        "spikethickness": 1,
        "spikedash": "solid",
    }
    return {
        "layout": {
            "font": {"family": FONT, "color": look.ink},
            "title": {"font": {"color": look.ink, "weight": 600}},
            "paper_bgcolor": look.surface,
            "plot_bgcolor": look.surface,
            "xaxis": axis,
            "yaxis": axis,
            "legend": {"bgcolor": "rgba(0,0,0,0)", "font": {"color": look.ink}},
            "hoverlabel": {
                "bgcolor": look.surface,
                "bordercolor": look.muted,
                "font": {"family": FONT, "color": look.ink},
                "align": "left",
                "namelength": -1,
            },
            "coloraxis": {
                "colorscale": [[at / (len(look.heat) - 1), colour] for at, colour in enumerate(look.heat)],
                "colorbar": {"outlinewidth": 0, "tickfont": {"color": look.muted}, "tickcolor": look.line},
            },
            "annotationdefaults": {"font": {"color": look.muted}, "showarrow": False},
            "annotations": [
                {"name": EMPTY, "visible": False, "font": {"color": look.ink}},
                {"name": HEADING, "visible": False, "font": {"color": look.ink, "weight": 600}},
                {"name": SUBTITLE, "visible": False, "font": {"color": look.muted}},
                {"name": NOTE, "visible": False, "font": {"color": look.ink}, "bgcolor": look.surface},
            ],
            "shapes": [{"name": NOW, "visible": False, "line": {"color": look.muted, "width": 1, "dash": "dot"}}],
            "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": look.muted, "activecolor": look.ink},
        },
        # What a figure leaves out of a trace: the colour of a total, the seam between stacked bars.
        "data": {
            "scatter": [{"line": {"color": look.ink}, "marker": {"color": look.ink}}],
            "bar": [{"marker": {"line": {"color": look.surface}}}],
        },
    }
