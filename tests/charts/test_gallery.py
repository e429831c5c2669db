"""Charts by request: kept where nothing can have changed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from telemetryd.charts.cache import ChartCache
from telemetryd.charts.drawing import Drawing, Look
from telemetryd.charts.gallery import Gallery
from telemetryd.model.errors import Busy
from telemetryd.model.series import SeriesKey
from telemetryd.query.request import MetricsRequest
from telemetryd.query.result import MetricTable, Result

from .rendering import eventually

LOOK = Look()


class Node:
    """The rest of the daemon: answers every query, draws in words, and says what is stored."""

    def __init__(self, folder: Path) -> None:
        self.stored: str | None = "once"
        self.drawn: list[tuple[Drawing, str]] = []
        self.fails = False
        self.gate: asyncio.Event | None = None
        self.given_up = 0
        cache = ChartCache(str(folder), lambda: 1 << 20)
        self.gallery = Gallery(self, self, cache, lambda span: self.stored)

    async def metrics(self, request: MetricsRequest) -> Result:
        table = MetricTable(
            (SeriesKey("add", "ipfs"),), np.zeros(1, np.int32), np.zeros(1, np.int64), {"count": np.ones(1)}
        )
        return Result(request.range.start, request.range.end, request.interval, {"retry_count": table}, 7200)

    async def draw(self, drawing: Drawing, form: str) -> bytes:
        if self.fails:
            raise Busy("charts: expected fewer")
        self.drawn.append((drawing, form))
        if self.gate is not None:
            try:
                await self.gate.wait()
            except asyncio.CancelledError:
                self.given_up += 1
                raise
        return f"{form} number {len(self.drawn)}".encode()

    async def ask(self, look: Look = LOOK, form: str = "png", **params: str) -> bytes:
        request = asked(**params)
        return await self.gallery.chart(request, look, form, self.gallery.tag(request, look, form))


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path / "cache")


def asked(**params: str) -> MetricsRequest:
    return MetricsRequest.parse(
        {"metric_type": "retry_count", "start_time": "0", "end_time": "7200", **params}, now=9e9, sampling_interval=60
    )


async def test_a_chart_that_cannot_have_changed_is_drawn_once(node: Node, tmp_path: Path) -> None:
    """Also after a restart."""
    assert await node.ask() == await node.ask() == b"png number 1"
    assert await Node(tmp_path / "cache").ask() == b"png number 1"
    assert len(node.drawn) == 1


async def test_a_chart_that_may_change_is_drawn_each_time(node: Node) -> None:
    """And has no tag."""
    node.stored = None
    assert node.gallery.tag(asked(), LOOK, "png") is None
    assert [await node.ask(), await node.ask()] == [b"png number 1", b"png number 2"]


async def test_equal_charts_that_are_asked_for_at_once_are_drawn_once(node: Node) -> None:
    """And whoever goes away takes the chart from nobody else."""
    node.gate = asyncio.Event()
    asking = [asyncio.create_task(node.ask()) for _ in range(4)]
    other = asyncio.create_task(node.ask(form="svg"))
    await eventually(lambda: len(node.drawn) == 2, "both to be drawn")
    asking[0].cancel()
    await asyncio.wait([asking[0]])
    node.gate.set()
    assert set(await asyncio.gather(*asking[1:])) == {b"png number 2"} and asking[0].cancelled()
    assert await other == b"svg number 2"
    assert len(node.drawn) == 2


async def test_a_chart_that_nobody_waits_for_is_given_up(node: Node) -> None:
    """The next one who asks gets one of his own."""
    node.gate = asyncio.Event()
    asking = [asyncio.create_task(node.ask()) for _ in range(2)]
    await eventually(lambda: node.drawn, "it to be drawn")
    for each in asking:
        each.cancel()
    await asyncio.wait(asking)
    node.gate.set()
    assert await node.ask() == b"png number 2"
    assert node.given_up == 1


async def test_what_goes_wrong_is_told_to_all_who_wait(node: Node) -> None:
    """And the next one is drawn again."""
    node.fails = True
    found = await asyncio.gather(*(node.ask() for _ in range(3)), return_exceptions=True)
    assert [type(each) for each in found] == [Busy] * 3
    node.fails = False
    assert await node.ask() == b"png number 1"


async def test_every_difference_makes_another_chart(node: Node) -> None:
    """Format, size, theme, filters, range, interval; and what is stored."""
    tags = {node.gallery.tag(asked(), LOOK, form) for form in ("png", "svg", "html", "json")}
    tags |= {node.gallery.tag(asked(), look, "png") for look in (Look(100), Look(1200, 100), Look(theme="dark"))}
    differing = (
        {"backend": "s3"},
        {"operation_type": "s3"},
        {"status": "failed"},
        {"interval": "120"},
        {"end_time": "60"},
    )
    tags |= {node.gallery.tag(asked(**params), LOOK, "png") for params in differing}
    node.stored = "twice"
    tags.add(node.gallery.tag(asked(), LOOK, "png"))
    assert len(tags) == 4 + 3 + 5 + 1


async def test_what_came_in_while_it_was_drawn_is_not_kept_under_the_old_tag(node: Node) -> None:
    """The chart may hold more than its tag says."""
    before = node.gallery.tag(asked(), LOOK, "png")
    node.stored = "more"
    assert await node.gallery.chart(asked(), LOOK, "png", before) == b"png number 1"
    node.stored = "once"
    assert await node.ask() == b"png number 2"


async def test_what_could_not_be_drawn_is_not_kept(node: Node) -> None:
    """The next one is asked for anew."""
    node.fails = True
    with pytest.raises(Busy):
        await node.ask()
    node.fails = False
    assert await node.ask() == b"png number 1"


async def test_the_chart_is_of_what_was_asked(node: Node) -> None:
    """The drawing has the request's filters and look, and the result's range."""
    await node.ask(Look(300, 200, "dark"), "json", backend="ipfs")
    ((drawing, form),) = node.drawn
    assert (drawing.metric_type, drawing.backend, drawing.look, form) == (
        "retry_count",
        "ipfs",
        Look(300, 200, "dark"),
        "json",
    )
    assert (drawing.start, drawing.end, drawing.keys) == (0, 7200, (("add", "ipfs"),))
