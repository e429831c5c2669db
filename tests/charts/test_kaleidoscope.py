"""Kaleido as we use it: what it must have, and how often it loads its page."""

from __future__ import annotations

import asyncio
import inspect
import re
from pathlib import Path

import kaleido
import pytest

from telemetryd.charts.kaleidoscope import RELOAD_EVERY, Kaleidoscope, page_of

from .rendering import BROWSER, needs_browser

FIGURE = {"data": [{"y": [1, 3, 2]}], "layout": {}}
PLOTLY = Path(kaleido.__file__).parents[1] / "plotly" / "package_data" / "plotly.min.js"


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "index.html"
    path.write_text(page_of(PLOTLY))
    return path


def test_the_page(page: Path) -> None:
    """Has the plotly.js it is given, and takes nothing from another host."""
    sources = re.findall(r'src="(.*?)"', page.read_text())
    assert sources[0] == PLOTLY.as_uri()
    assert len(sources) == 2 and all(source.startswith("file:///") for source in sources)


@needs_browser
async def test_the_page_is_loaded_anew_now_and_then(page: Path) -> None:
    """Between figures: whoever asked for one has it before, and the next one is drawn in the new page."""
    started = []
    scope = Kaleidoscope(lambda: started.append(True), path=BROWSER, page_generator=page, tmp_dir=str(page.parent))
    await asyncio.wait_for(scope.open(), 60)
    try:
        assert scope.ready.is_set() and started == [True]
        (tab,) = scope.tabs.values()
        loads = []

        async def note(event: object) -> None:
            loads.append(event)

        tab.subscribe("Page.loadEventFired", note)
        for number in range(2 * RELOAD_EVERY + 1):
            await scope.reloaded()
            assert await asyncio.wait_for(scope.calc_fig(FIGURE, {"format": "svg"}), 60)
            assert len(loads) in (number // RELOAD_EVERY, (number + 1) // RELOAD_EVERY)
        assert len(loads) == 2
    finally:
        await scope.close()


def test_private_names() -> None:
    """What we override of kaleido is there: without it, charts come out as well, but slower."""
    assert inspect.iscoroutinefunction(kaleido.Kaleido._return_kaleido_tab)
    assert inspect.iscoroutinefunction(kaleido.Kaleido.populate_targets)
    assert list(inspect.signature(kaleido.Kaleido._return_kaleido_tab).parameters) == ["self", "tab"]
