"""``GET /visualization/{metric_type}``: what is asked for, and how it is sent."""

from __future__ import annotations

import pytest

from telemetryd.charts.drawing import Look
from telemetryd.model.errors import ChartsUnavailable
from telemetryd.model.metrics import METRIC_TYPES

from .conftest import NOW, PREFIX, Server


@pytest.mark.parametrize("metric_type", METRIC_TYPES)
async def test_a_png_of_a_day_unless_asked_otherwise(server: Server, metric_type: str) -> None:
    """Twelve by eight inches, at 100 pixels an inch, of the last 24 hours."""
    async with server.client.get(f"{server.url}{PREFIX}/visualization/{metric_type}") as response:
        assert (response.status, response.content_type) == (200, "image/png")
        assert await response.read() == b"png"
    ((asked, look, form),) = server.charts.drawn
    assert (asked.metric_types, form, look) == ((metric_type,), "png", Look(1200, 800, "light"))
    assert asked.range.seconds == 86_400


async def test_every_parameter_reaches_the_chart(server: Server) -> None:
    """Filters, range, interval, size and theme."""
    query = (
        "operation_type=add&backend=ipfs&status=failed&start_time=0&end_time=7200&interval=120"
        "&width=3&height=40&theme=dark&format=svg"
    )
    async with server.client.get(f"{server.url}{PREFIX}/visualization/throughput?{query}") as response:
        assert (response.status, response.content_type) == (200, "image/svg+xml")
        assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")
    ((asked, look, form),) = server.charts.drawn
    assert (asked.filters.operation_type, asked.filters.backend, asked.filters.status) == ("add", "ipfs", "failed")
    assert (asked.range.start, asked.range.end, asked.interval) == (0, 7200, 120)
    assert (look, form) == (Look(300, 4000, "dark"), "svg")


@pytest.mark.parametrize(
    ("query", "look"),
    [
        ("format=html", Look(1200, 800)),
        ("format=html&theme=light", Look(1200, 800, "light", fixed=True)),
        ("format=html&theme=dark", Look(1200, 800, "dark", fixed=True)),
        ("format=png&theme=light", Look(1200, 800)),
    ],
)
async def test_a_page_keeps_the_theme_that_was_asked_for(server: Server, query: str, look: Look) -> None:
    """Without one it follows its reader's system; pictures cannot, and are the same either way."""
    async with server.client.get(f"{server.url}{PREFIX}/visualization/throughput?{query}") as response:
        assert response.status == 200
    assert [drawn for _, drawn, _ in server.charts.drawn] == [look]


async def test_the_figure_is_an_answer_with_data_and_layout(server: Server) -> None:
    """So that a client finds `success`, and Plotly its figure."""
    found = await server.json("visualization/queue_size?format=json&end_time=7200")
    assert (found["data"], found["layout"], found["metric_type"]) == ([], {}, "queue_size")
    assert (found["end_time"], found["interval"]) == (7200, 60)


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("nonsense", "metric_type"),
        ("throughput?width=0", "width"),
        ("throughput?height=41", "height"),
        ("throughput?width=7.5", "width"),
        ("throughput?width=-3", "width"),
        ("throughput?width=²", "width"),
        ("throughput?height=999999999999999999999", "height"),
        ("throughput?format=gif", "format"),
        ("throughput?theme=pink", "theme"),
        ("throughput?status=done", "status"),
        ("throughput?aggregation=sum", "aggregation"),
        ("throughput?start_time=9&end_time=3", "start_time"),
    ],
)
async def test_a_mistake_is_named_and_nothing_is_drawn(server: Server, path: str, named: str) -> None:
    """Whatever form of chart was asked for, a mistake is answered in JSON."""
    found = await server.json(f"visualization/{path}", 400)
    assert found["error"].startswith(f"{named}: expected ")
    assert server.charts.drawn == []


@pytest.mark.parametrize("accept", ["application/json", "text/html", "image/webp"])
async def test_what_a_client_accepts_changes_nothing(server: Server, accept: str) -> None:
    """Clients ask for PNGs with `Accept: application/json`."""
    url = f"{server.url}{PREFIX}/visualization/throughput"
    async with server.client.get(url, headers={"Accept": accept}) as response:
        assert (response.status, response.content_type) == (200, "image/png")


async def test_a_chart_that_cannot_change_is_sent_once(server: Server) -> None:
    """Its tag comes with it; whoever has it is told so, and nothing is drawn."""
    server.charts.tagged = "abc"
    url = f"{server.url}{PREFIX}/visualization/throughput"
    async with server.client.get(url) as response:
        assert response.headers["ETag"] == '"abc"'
    for known, status in (('"abc"', 304), ('W/"abc", "x"', 304), ("*", 304), ('"x"', 200)):
        async with server.client.get(url, headers={"If-None-Match": known}) as response:
            assert (response.status, response.headers["ETag"]) == (status, '"abc"')
    assert len(server.charts.drawn) == 2


async def test_a_chart_that_may_change_has_no_tag(server: Server) -> None:
    """And is drawn whenever it is asked for."""
    url = f"{server.url}{PREFIX}/visualization/throughput"
    async with server.client.get(url, headers={"If-None-Match": "*"}) as response:
        assert (response.status, "ETag" in response.headers) == (200, False)


async def test_without_a_browser_it_says_what_to_install(server: Server) -> None:
    """A 503 that names it, and when to come again."""
    server.charts.fails = ChartsUnavailable("charts: expected a browser, found none: install chromium-headless-shell")
    found = await server.json("visualization/throughput", 503)
    assert found["error_type"] == "charts_unavailable" and "chromium-headless-shell" in found["error"]
    assert found["timestamp"] == NOW
