"""A heat map below the lines of latency: a row for each series, the 95th percentile over time as a colour."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from telemetryd.charts.lettering import fitted, markup, width_of
from telemetryd.charts.quantities import logarithmic_ticks, seconds
from telemetryd.charts.theme import HEADING
from telemetryd.rollup.columns import Array

from .canvas import Plot
from .scene import Scene, Sketch
from .strokes import instants

_STATISTIC = "percentile_95"
_NARROWEST = 3.0
# Pixels that a row has at least and at most, and the least of a plot that has room for both panels.
_LEAST_ROW, _MOST_ROW = 14.0, 22.0
_LEAST_HEIGHT, _LEAST_WIDTH = 300.0, 420.0
_SHARE, _NAMES = 0.44, 0.22


@dataclass(frozen=True, slots=True)
class Heat:
    """The rows of a heat map, slowest first, and the room it takes: ``above`` is the share of the lines."""

    codes: tuple[int, ...]
    names: tuple[str, ...]
    labels: float
    height: float
    gap: float
    above: float

    @classmethod
    def of(cls, scene: Scene, plot: Plot) -> Heat | None:
        """Return the heat map that fits below the lines; None where there is no room, or only one series."""
        unit, canvas = scene.canvas.unit, scene.canvas
        if plot.height < _LEAST_HEIGHT * unit or plot.width < _LEAST_WIDTH:
            return None
        lines = {code: scene.frame.line(code, _STATISTIC)[1] for code in range(len(scene.drawing.keys))}
        usual = {code: float(np.median(value)) for code, value in lines.items() if len(value)}
        several = sorted(usual, key=lambda code: -usual[code])
        if len(several) < 2:
            return None
        most = plot.height * _SHARE
        gap = canvas.row * 2.6
        rows = max(2, min(len(several), int((most - gap) / (_LEAST_ROW * unit))))
        height = min(most - gap, rows * _MOST_ROW * unit)
        codes = tuple(int(code) for code in several[:rows])
        names = tuple(fitted(scene.name(code), canvas.width * _NAMES, canvas.text) for code in codes)
        labels = max(width_of(name, canvas.text) for name in names) + 8 * unit
        return cls(codes, names, labels, height, gap, 1 - (height + gap) / plot.height)


def heat_map(scene: Scene, sketch: Sketch, heat: Heat) -> Sketch:
    """Return the sketch of the lines with the heat map below them, on the same axis of time."""
    plot, canvas = sketch.plot, scene.canvas
    bins = scene.bins(plot, _NARROWEST)
    table = scene.frame.on(bins, _STATISTIC, "max").to_numpy()[:, list(heat.codes)].T
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.log10(np.where(table > 0, table, np.nan))
    low, high = _range(z)
    below = heat.height / plot.height
    shown = len(heat.codes)
    left_out = len(scene.drawing.keys) - shown
    heading = "95th percentile" + (f", the {shown} slowest series" if left_out else " by series")
    ticks = logarithmic_ticks(10**low, 10**high, 5)
    edges = np.append(bins.start, bins.end[-1:])
    value = "%{customdata:.3~s}s" if high < 3 else "%{customdata:,.0f} s"
    rows = _rows(scene, heat)
    trace = {
        "type": "heatmap",
        "x": instants(edges),
        "y": rows,
        "z": z,
        "customdata": table,
        "coloraxis": "coloraxis",
        "yaxis": "y2",
        "hoverongaps": False,
        **scene.meta(*heat.codes),
        "hovertemplate": f"<b>%{{y}}</b><br>95th percentile {value}<br>about %{{x|%-d %b %Y, %H:%M}} UTC<extra></extra>",
    }
    sketch.traces.append(trace)
    sketch.values["domain"] = [1 - heat.above, 1]
    sketch.layout |= {
        "yaxis2": {
            "domain": [0, below],
            "anchor": "x",
            "side": "right",
            "type": "category",
            "range": [shown - 0.5, -0.5],
            "autorange": False,
            "fixedrange": True,
            "showgrid": False,
            "tickmode": "array",
            "tickvals": rows,
            "ticktext": [markup(name) for name in heat.names],
            "ticks": "",
            "ticklabelstandoff": 4,
            "tickfont": {"size": min(canvas.text, math.floor(heat.height / shown))},
        },
        "coloraxis": {
            "cmin": low,
            "cmax": high,
            "colorbar": {
                "orientation": "h",
                "x": 1,
                "xanchor": "right",
                "xpad": 0,
                "y": below,
                "yanchor": "bottom",
                "ypad": 4,
                "lenmode": "pixels",
                "len": min(260 * canvas.unit, plot.width * 0.45),
                "thicknessmode": "pixels",
                "thickness": 7 * canvas.unit,
                "tickmode": "array",
                "tickvals": [math.log10(tick) for tick in ticks],
                "ticktext": [seconds(tick) for tick in ticks],
                "tickfont": {"size": canvas.text - 1},
            },
        },
    }
    sketch.annotations.append(
        {
            "templateitemname": HEADING,
            "visible": True,
            "showarrow": False,
            "xref": "paper",
            "yref": "paper",
            "x": 0,
            "y": below,
            "xanchor": "left",
            "yanchor": "bottom",
            "xshift": -2,
            "yshift": 3,
            "text": heading,
            "font": {"size": canvas.text},
        }
    )
    sketch.two_panels = True
    return sketch


def _rows(scene: Scene, heat: Heat) -> list[str]:
    """Return what rows are called in hover text; no two alike, or they would be one."""
    names = [scene.name(code) for code in heat.codes]
    return [
        markup(name if names.count(name) == 1 else f"{name} ({number})") for number, name in enumerate(names, start=1)
    ]


def _range(z: Array) -> tuple[float, float]:
    known = z[np.isfinite(z)]
    if not len(known):
        return -3.0, 0.0
    low, high = float(np.quantile(known, 0.01)), float(known.max())
    return (low, high) if high - low > 0.3 else (low - 0.15, high + 0.15)
