"""Pictures of every metric, by a real Chromium: with much data, one series, forty of them, gaps, and with nothing at all.

TELEMETRYD_SCREENSHOTS names a folder that keeps them; scripts/chart_gallery.py draws them in more sizes.
"""

from __future__ import annotations

import asyncio
import os
from itertools import product
from pathlib import Path
from typing import TypeAlias

import pytest

from telemetryd.charts.drawing import Look
from telemetryd.charts.figures import figure_of
from telemetryd.charts.theme import THEMES
from telemetryd.charts.worker_process import COMMAND
from telemetryd.model.metrics import METRIC_TYPES

from .rendering import needs_browser, rendering, size_of
from .samples import KINDS, drawing
from .seeing import colours_of, near, pixels

Pictures: TypeAlias = dict[tuple[str, str], bytes]
LOOK = Look(600, 400)

pytestmark = needs_browser


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Pictures:
    """All of them, drawn by one process and one browser."""

    async def drawn() -> Pictures:
        async with rendering(tmp_path_factory.mktemp("charts"), command=COMMAND, max_queue=64, timeout=110) as watched:
            wanted = list(product(METRIC_TYPES, KINDS))
            made = await asyncio.gather(*(watched.draw(drawing(*each, look=LOOK), "png") for each in wanted))
        return dict(zip(wanted, made, strict=True))

    found = asyncio.run(drawn())
    if folder := os.environ.get("TELEMETRYD_SCREENSHOTS"):
        for (metric_type, kind), png in found.items():
            Path(folder, f"chart-{metric_type}-{kind}.png").write_bytes(png)
    return found


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("metric_type", METRIC_TYPES)
def test_a_picture_shows_what_its_figure_says(pictures: Pictures, metric_type: str, kind: str) -> None:
    """It is a PNG of its size in which each trace has left its colour; the one of nothing says so in its middle."""
    png = pictures[metric_type, kind]
    assert size_of(png) == (LOOK.width, LOOK.height)
    seen = pixels(png)
    figure = figure_of(drawing(metric_type, kind, look=LOOK))
    colours = colours_of(trace.to_plotly_json() for trace in figure.data)
    assert [each for each in colours if not near(seen, each).any()] == []
    middle = seen[LOOK.height * 2 // 5 : LOOK.height * 3 // 5, LOOK.width // 5 : LOOK.width * 4 // 5]
    if kind == "none":
        assert not colours
        assert near(middle, THEMES["light"].ink).sum() > 100
    else:
        assert colours
        assert "No operation" not in str(figure.layout.annotations)
