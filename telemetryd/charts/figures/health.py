"""The health of backends: a row of stretches each, the worse the thicker, so that colour is not all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from telemetryd.charts import moments
from telemetryd.charts.colours import health_colour
from telemetryd.charts.lettering import fitted, markup, width_of
from telemetryd.charts.quantities import share, spell
from telemetryd.charts.sampling import Bins
from telemetryd.charts.stretches import Stretch, stretches
from telemetryd.query.outages import Outage, Segment, outages, seconds_within, segments

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
    down = {code: _down(scene, code) for code in rows}
    own, rest = _chosen(scene, rows)
    names = [scene.name(code) for code in own] + others(rest, "backends")
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
    known = [down[code] for code in own]
    traces = [_bars(scene, plot, kind, names, drawn, known, thickness) | scene.meta(*own) for kind in kinds]
    if pixels * (1 - thickness) > canvas.row * 2:
        traces.append(_labels(scene, plot, [outages(each) for each in known], thickness))
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
        alt=_told(scene, down),
        layout={"barmode": "overlay", "legend": {"traceorder": "normal"}},
    )


def _exact(scene: Scene, code: int) -> Row:
    frame = scene.frame
    cell, low, high, mean = frame.line(code, "min", "max", "mean")
    start, end = frame.cells.begin[cell], frame.cells.end[cell]
    return stretches(start, end, low, high, mean, since=scene.drawing.start, until=frame.known_until)


def _down(scene: Scene, code: int) -> list[Segment]:
    """Return when a backend was not online, to the second where its samples tell: what is drawn is whole intervals."""
    frame = scene.frame
    cell, *statistics = frame.line(code, "mean", "min", "max", "last")
    return segments(frame.cells.begin[cell], np.minimum(frame.cells.end[cell], frame.known_until), *statistics)


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
    scene: Scene,
    plot: Plot,
    kind: tuple[str, bool],
    names: list[str],
    rows: list[Row],
    down: list[list[Segment]],
    thickness: float,
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
        "hovertext": [
            _hover(names[at], stretch, said)
            for (at, stretch), said in zip(found, _said(found, down) if mixed else [""] * len(found), strict=True)
        ],
        "hovertemplate": "%{hovertext}<extra></extra>",
    }


def _thick(stretch: Stretch) -> float:
    if not stretch.mixed:
        return _THICKNESS[stretch.health]
    return _THICKNESS["online"] + (1 - stretch.mean) * (_THICKNESS["offline"] - _THICKNESS["online"])


def _said(found: list[tuple[int, Stretch]], down: list[list[Segment]]) -> list[str]:
    """Return for how long a backend was what inside each of some stretches; nothing for the row of many backends."""
    said = [""] * len(found)
    for at, segments_of_one in enumerate(down):
        mine = [index for index, (row, _) in enumerate(found) if row == at]
        bounds = (np.array([getattr(found[index][1], name) for index in mine]) for name in ("start", "end"))
        for index, offline, degraded in zip(mine, *seconds_within(segments_of_one, *bounds), strict=True):
            said[index] = ", ".join(_states(offline, degraded))
    return said


def _states(offline: float, degraded: float) -> list[str]:
    """Return what a backend was other than online, and for how long: ``offline 13 min``."""
    return [f"{word} {spell(each)}" for word, each in (("offline", offline), ("degraded", degraded)) if each > 0]


def _hover(name: str, stretch: Stretch, within: str) -> str:
    said = f"{_called(stretch.health, stretch.mixed)} {'within' if stretch.mixed else 'for'} {spell(stretch.seconds)}"
    if stretch.mixed:
        said += f": {within}, {share(stretch.mean)} healthy" if within else f", {share(stretch.mean)} healthy"
    return f"<b>{markup(name)}</b><br>{markup(said)}<br>{moments.span(stretch.start, stretch.end)}"


def _labels(scene: Scene, plot: Plot, rows: list[list[Outage]], thickness: float) -> Part:
    """Return how long each outage was, below it, as far as the words do not touch; the longest come first."""
    x, y, texts = [], [], []
    per_pixel = max(1.0, scene.drawing.end - scene.drawing.start) / plot.width
    for at, row in enumerate(rows):
        taken: list[tuple[float, float]] = []
        for outage in sorted(row, key=lambda outage: -outage.seconds):
            text = next(iter(_states(outage.offline, outage.degraded)), "")
            middle, half = (outage.start + outage.end) / 2, (width_of(text, scene.canvas.text) / 2 + 5) * per_pixel
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


def _told(scene: Scene, down: dict[int, list[Segment]]) -> list[str]:
    trouble = {code: outages(found) for code, found in down.items() if found}
    lasted = {code: sum(outage.seconds for outage in found) for code, found in trouble.items()}
    if not lasted:
        return [f"{len(down)} backends, online whenever known." if len(down) > 1 else "Online whenever known."]
    sentences = [
        f"{len(lasted)} of {len(down)} backends {'was' if len(lasted) == 1 else 'were'} not online all the time."
    ]
    for code in sorted(lasted, key=lambda code: -lasted[code])[:3]:
        longest = max(trouble[code], key=lambda outage: outage.seconds)
        when = moments.span(round(longest.start), round(longest.end))
        states = ", ".join(_states(longest.offline, longest.degraded))
        sentences.append(f"{scene.name(code)}: {spell(lasted[code])}, the longest {when}, {states}.")
    return sentences
