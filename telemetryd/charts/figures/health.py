"""The health of backends: a row of stretches each, the worse the thicker, so that colour is not all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from telemetryd.charts import moments
from telemetryd.charts.colours import health_colour
from telemetryd.charts.lettering import fitted, markup, width_of
from telemetryd.charts.quantities import share, spell
from telemetryd.charts.sampling import Bins
from telemetryd.charts.stretches import Stretch, incidents, stretches

from .canvas import Plot
from .scene import Part, Scene, Sketch, others
from .strokes import instants

# How thick a stretch is, as a share of the thickest.
_THICKNESS = {"online": 0.32, "unknown": 0.06, "degraded": 0.62, "offline": 1.0}
# The least height of a row in sizes of its text; how many pixels are thick enough, and what share of a row.
_LEAST_ROW, _THICKEST, _MOST_OF_ROW = 1.05, 56.0, 0.78
# The share of the width that names may take, and the pixels that trouble has at least.
_NAMES, _VISIBLE, _NARROWEST = 0.3, 2.5, 2.0

Row = list[Stretch]


def backend_health(scene: Scene) -> Sketch:
    """Return a row for each backend; where there are too many, for those that were worst."""
    canvas = scene.canvas
    rows = {code: _exact(scene, code) for code in range(len(scene.drawing.keys))}
    own, rest = _chosen(scene, rows)
    names = [scene.name(code) for code in own] + others(rest)
    cut = [fitted(name, canvas.width * _NAMES, canvas.text) for name in names]
    drawn = [rows[code] for code in own] + ([_worst(scene, rest)] if rest else [])
    kinds = sorted({(stretch.health, stretch.mixed) for row in drawn for stretch in row}, key=_severity)
    plot = scene.plot(
        [_called(*kind) for kind in kinds] if len(kinds) > 1 else [],
        labels=max(width_of(name, canvas.text) for name in cut),
    )
    for at, code in enumerate(own):
        if len(drawn[at]) > plot.width / _NARROWEST:
            # It changed too often for every change to have its pixels.
            drawn[at] = _of_bins(scene, scene.bins(plot, _NARROWEST), [code])
    pixels = plot.height / len(names)
    thickness = min(_MOST_OF_ROW, _THICKEST * canvas.unit / pixels)
    traces = [_bars(scene, plot, kind, names, drawn, thickness) | scene.meta(*own) for kind in kinds]
    if pixels * (1 - thickness) > canvas.row * 2:
        traces.append(_labels(scene, plot, drawn, thickness))
    return Sketch(
        plot=plot,
        traces=traces,
        values={
            "range": [len(names) - 0.5, -0.5],
            "autorange": False,
            "fixedrange": True,
            "showgrid": False,
            "tickmode": "array",
            "tickvals": list(range(len(names))),
            "ticktext": [markup(name) for name in cut],
            "ticklabelstandoff": 4,
            "tickfont": {"size": canvas.text},
        },
        alt=_told(scene, rows),
        layout={"barmode": "overlay", "legend": {"traceorder": "normal"}},
    )


def _exact(scene: Scene, code: int) -> Row:
    frame = scene.frame
    cell, low, high, mean = frame.line(code, "min", "max", "mean")
    start, end = frame.cells.begin[cell], frame.cells.end[cell]
    return stretches(start, end, low, high, mean, since=scene.drawing.start, until=frame.known_until)


def _worst(scene: Scene, codes: Sequence[int]) -> Row:
    """Return one row for many backends: at each moment, the one that was worst."""
    return _of_bins(scene, scene.bins(scene.plot([]), _NARROWEST), codes)


def _of_bins(scene: Scene, bins: Bins, codes: Sequence[int]) -> Row:
    frame, columns = scene.frame, list(codes)
    mean = frame.mean_on(bins, "mean")[columns].min(axis=1).to_numpy()
    low = frame.on(bins, "min", "min")[columns].min(axis=1).to_numpy()
    # One that is at its lowest on the mean was so all the time.
    high = np.where(mean > low + 1e-9, frame.on(bins, "max", "max")[columns].max(axis=1).to_numpy(), low)
    known = np.isfinite(mean)
    span = {"since": float(scene.drawing.start), "until": frame.known_until}
    return stretches(bins.start[known], bins.end[known], low[known], high[known], mean[known], **span)


def _chosen(scene: Scene, rows: dict[int, Row]) -> tuple[list[int], list[int]]:
    """Return the backends that have a row, and those that share one."""
    canvas = scene.canvas
    most = max(1, int(scene.plot([]).height / (_LEAST_ROW * canvas.text)))
    if len(rows) <= most:
        return list(rows), []
    trouble = {code: sum((1 - s.mean) * s.seconds for s in row if not s.well) for code, row in rows.items()}
    order = sorted(rows, key=lambda code: -trouble[code])
    return order[: most - 1], order[most - 1 :]


def _severity(kind: tuple[str, bool]) -> tuple[int, bool]:
    return ("online", "degraded", "offline", "unknown").index(kind[0]), kind[1]


def _called(health: str, mixed: bool) -> str:
    return f"partly {health}" if mixed else health


def _bars(
    scene: Scene, plot: Plot, kind: tuple[str, bool], names: list[str], rows: list[Row], thickness: float
) -> Part:
    health, mixed = kind
    found = [(at, stretch) for at, row in enumerate(rows) for stretch in row if (stretch.health, stretch.mixed) == kind]
    span = max(1.0, scene.drawing.end - scene.drawing.start)
    least = 0.0 if health in ("online", "unknown") else span * _VISIBLE / plot.width
    low = np.array([stretch.start for _, stretch in found])
    length = np.maximum([stretch.seconds for _, stretch in found], least)
    marker: Part = {"color": health_colour(health), "line": {"width": 0}}
    if mixed:
        marker["pattern"] = {"shape": "/", "fillmode": "replace", "size": 5, "solidity": 0.55}
    return {
        "type": "bar",
        "orientation": "h",
        "name": _called(*kind),
        "base": instants(low),
        "x": length * 1000,
        "y": np.array([at for at, _ in found], np.float64),
        "width": np.array([thickness * _thick(stretch) for _, stretch in found]),
        "marker": marker,
        "hovertext": [_hover(names[at], stretch) for at, stretch in found],
        "hovertemplate": "%{hovertext}<extra></extra>",
    }


def _thick(stretch: Stretch) -> float:
    if not stretch.mixed:
        return _THICKNESS[stretch.health]
    return _THICKNESS["online"] + (1 - stretch.mean) * (_THICKNESS["offline"] - _THICKNESS["online"])


def _hover(name: str, stretch: Stretch) -> str:
    said = f"{_called(stretch.health, stretch.mixed)} for {spell(stretch.seconds)}"
    if stretch.mixed:
        said += f", {share(stretch.mean)} healthy"
    return f"<b>{markup(name)}</b><br>{markup(said)}<br>{moments.span(stretch.start, stretch.end)}"


def _labels(scene: Scene, plot: Plot, rows: list[Row], thickness: float) -> Part:
    """Return how long each incident was, below it, as far as the words do not touch; the longest come first."""
    x, y, texts = [], [], []
    per_pixel = max(1.0, scene.drawing.end - scene.drawing.start) / plot.width
    for at, row in enumerate(rows):
        taken: list[tuple[float, float]] = []
        for run in sorted(incidents(row), key=lambda run: run[0].start - run[-1].end):
            text = _worst_of(run)
            middle, half = (run[0].start + run[-1].end) / 2, (width_of(text, scene.canvas.text) / 2 + 5) * per_pixel
            middle = min(max(middle, scene.drawing.start + half), scene.drawing.end - half)
            if all(middle + half <= low or middle - half >= high for low, high in taken):
                taken.append((middle - half, middle + half))
                x.append(middle)
                y.append(at + thickness / 2 + scene.canvas.row * 0.65 / (plot.height / len(rows)))
                texts.append(markup(text))
    return {
        "type": "scatter",
        "mode": "text",
        "x": instants(np.array(x)),
        "y": np.array(y),
        "text": texts,
        "textfont": {"size": scene.canvas.text},
        "hoverinfo": "skip",
        "showlegend": False,
    }


def _worst_of(run: Row) -> str:
    """Return the worst that an incident was, and for how long: ``offline 13 min``."""
    worst = max(run, key=lambda stretch: (_severity((stretch.health, False)), not stretch.mixed))
    alike = [stretch for stretch in run if (stretch.health, stretch.mixed) == (worst.health, worst.mixed)]
    return f"{_called(worst.health, worst.mixed)} {spell(sum(stretch.seconds for stretch in alike))}"


def _told(scene: Scene, rows: dict[int, Row]) -> list[str]:
    trouble = {code: [stretch for stretch in row if not stretch.well] for code, row in rows.items()}
    lasted = {code: sum(stretch.seconds for stretch in found) for code, found in trouble.items() if found}
    if not lasted:
        return [f"{len(rows)} backends, online whenever known." if len(rows) > 1 else "Online whenever known."]
    sentences = [
        f"{len(lasted)} of {len(rows)} backends {'was' if len(lasted) == 1 else 'were'} not online all the time."
    ]
    for code in sorted(lasted, key=lambda code: -lasted[code])[:3]:
        longest = max(incidents(rows[code]), key=lambda run: run[-1].end - run[0].start)
        when = moments.span(longest[0].start, longest[-1].end)
        sentences.append(f"{scene.name(code)}: {spell(lasted[code])}, the longest {when}, {_worst_of(longest)}.")
    return sentences
