"""Plots of what grows: small panels beside one another, both axes logarithmic, as SVG."""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from telemetryd.charts.browsers import need_browser

_WIDTH, _HEIGHT = 300, 300
_COLOUR, _FAINT = "#2a78d6", "#8a8a86"


@dataclass(frozen=True, slots=True)
class Panel:
    """One measure: its rounds at each size, and the fitted exponent."""

    title: str
    rounds: Sequence[Sequence[float]]
    exponent: float


def draw(path: Path, axis: str, sizes: Sequence[int], panels: Sequence[Panel]) -> None:
    """Draw the panels into a file."""
    figure = make_subplots(
        1, len(panels), subplot_titles=[f"{each.title}<br>e = {each.exponent:+.2f}" for each in panels]
    )
    for number, panel in enumerate(panels, 1):
        middles = [median(rounds) for rounds in panel.rounds]
        error = {
            "type": "data",
            "symmetric": False,
            "array": [max(rounds) - middle for rounds, middle in zip(panel.rounds, middles, strict=True)],
            "arrayminus": [middle - min(rounds) for rounds, middle in zip(panel.rounds, middles, strict=True)],
            "color": _FAINT,
        }
        line = go.Scatter(x=list(sizes), y=middles, error_y=error, mode="lines+markers", line={"color": _COLOUR})
        figure.add_trace(line, 1, number)
        # Half a decade more at both ends: what is flat is to look flat.
        figure.update_yaxes(type="log", range=_decades(middles), dtick=1, row=1, col=number)
        figure.update_xaxes(type="log", title=axis, tickvals=list(sizes), row=1, col=number)
    figure.update_layout(
        width=_WIDTH * len(panels), height=_HEIGHT, showlegend=False, template="plotly_white",
        margin={"l": 50, "r": 20, "t": 60, "b": 50}, font={"size": 12},
    )  # fmt: skip
    figure.update_annotations(font_size=13)
    path.write_bytes(_svg(figure))


def _decades(values: Sequence[float]) -> tuple[float, float]:
    return math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)) + 0.01)


def _svg(figure: go.Figure) -> bytes:
    # It tells of every temporary folder.
    logging.getLogger("choreographer").setLevel(logging.WARNING)
    logging.getLogger("kaleido").setLevel(logging.WARNING)
    os.environ["BROWSER_PATH"] = need_browser("", os.environ)
    return bytes(figure.to_image(format="svg"))
