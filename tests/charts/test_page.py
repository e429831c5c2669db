"""One chart as one file: harmless, complete, and drawn by a real browser from disk."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, TypeAlias

import orjson
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from telemetryd.charts.figures import figure_of
from telemetryd.charts.page import standalone
from telemetryd.charts.theme import template
from tests.charts.samples import NOON, drawing
from tests.end_to_end.waiting import PATIENCE, until

from .rendering import BROWSER, needs_browser

NAMES = ('<a href="javascript:alert(1)">x</a>', "%{y}", "$x^2$", "&lt;", "a\u202eb", "</script><b>", "\u2028 \u2029")
KEYS = tuple((name, "ipfs") for name in NAMES)


class Parts(HTMLParser):
    """The elements of a page with their attributes, and the text that each begins with."""

    def __init__(self, page: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._inside = False
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.texts.append("")
        self._inside = True

    def handle_endtag(self, tag: str) -> None:
        self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.texts[-1] += data

    def of(self, tag: str, **attributes: str) -> list[str]:
        return [
            text
            for (name, found), text in zip(self.elements, self.texts, strict=True)
            if name == tag and attributes.items() <= found.items()
        ]


def figure_json(metric_type: str = "throughput", kind: str = "much", **overrides: Any) -> bytes:
    return figure_of(drawing(metric_type, kind, **overrides)).to_json(engine="orjson").encode()


@pytest.fixture(scope="module")
def page() -> bytes:
    return standalone(figure_json(keys=KEYS), "Throughput")


def test_the_page_asks_nobody_for_anything(page: bytes) -> None:
    """No element names another file, and the policy lets none be loaded."""
    parts = Parts(page)
    for tag, attributes in parts.elements:
        assert not {"src", "href", "srcset", "data", "action", "poster", "background"} & set(attributes), tag
    assert parts.of("link") == parts.of("iframe") == parts.of("img") == []
    (policy,) = (attributes["content"] for _, attributes in parts.elements if attributes.get("http-equiv"))
    assert policy is not None and policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe-eval" not in policy and "http" not in policy
    assert not re.search(r"@import|url\(", "".join(parts.of("style")))


def test_only_its_own_scripts_run(page: bytes) -> None:
    """The policy has the digest of every script that runs, and of no other."""
    parts = Parts(page)
    scripts = [
        text for (tag, found), text in zip(parts.elements, parts.texts, strict=True) if tag == "script" and not found
    ]
    digests = {base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts}
    (policy,) = (attributes["content"] for _, attributes in parts.elements if attributes.get("http-equiv"))
    assert len(scripts) == 3
    assert set(re.findall(r"'sha256-([^']+)'", policy or "")) == digests
    assert "'unsafe-inline'" not in (policy or "").split("style-src")[0]


def test_the_figure_and_both_templates_are_data(page: bytes) -> None:
    """They come back as they went in, and nothing in them ends the element that holds them."""
    parts = Parts(page)
    (figure,), (themes,) = parts.of("script", id="figure"), parts.of("script", id="templates")
    assert json.loads(figure) == orjson.loads(figure_json(keys=KEYS))
    assert json.loads(themes) == {name: json.loads(json.dumps(template(name))) for name in ("light", "dark")}
    assert not set("<>&\u2028\u2029") & set(figure + themes)


def test_the_page_can_be_read_without_seeing_the_chart(page: bytes) -> None:
    """It has a language, a title, a landmark, a heading, and the chart in words, without scripts too."""
    parts = Parts(page)
    alt = orjson.loads(figure_json(keys=KEYS))["layout"]["meta"]["alt"]
    assert ("html", {"lang": "en"}) in parts.elements
    assert (parts.of("title"), len(parts.of("main"))) == (["Throughput"], 1)
    assert parts.of("h1") == ["Throughput of operations"]
    (chart,) = (attributes for _, attributes in parts.elements if attributes.get("id") == "chart")
    assert chart["aria-label"] == alt
    assert html.escape(alt) in page.decode().split("<noscript>")[1].split("</noscript>")[0]


def test_a_title_is_no_markup() -> None:
    """Titles and words are escaped, whatever they hold; braces are no fields."""
    hostile = '</title><script>alert(1)</script>" {0} {policy}'
    parts = Parts(standalone(b'{"data":[],"layout":{}}', hostile))
    assert parts.of("title") == [hostile]
    assert len(parts.of("script")) == 5


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield launched
        launched.close()


class Visit:
    """A page opened from disk, with what it said and what it asked for."""

    def __init__(self, page: Page, path: Path) -> None:
        self.page = page
        self.said: list[str] = []
        self.asked: list[str] = []
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("request", lambda request: self.asked.append(request.url))
        page.goto(path.as_uri())
        page.wait_for_selector("html[data-drawn=yes]")

    def chart(self, expression: str) -> Any:
        return self.page.evaluate(
            f"(() => {{ const chart = document.getElementById('chart'); return {expression}; }})()"
        )

    def resize(self, width: int, height: int) -> None:
        """Give the page another size, and wait until the chart has that of its element."""
        self.page.set_viewport_size({"width": width, "height": height})
        # An element's own size is rounded.
        sides = "[[chart._fullLayout.width, chart.clientWidth], [chart._fullLayout.height, chart.clientHeight]]"
        fits = (
            f"innerWidth === {width} && innerHeight === {height} && {sides}.every(([is, to]) => Math.abs(is - to) < 1)"
        )
        until(lambda: self.chart(fits), "the chart to fit its element")


Open: TypeAlias = Callable[..., Visit]


@pytest.fixture
def visit(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Open the page of a figure, from disk."""
    contexts = []

    def open_page(figure: bytes, theme: str = "", **options: Any) -> Visit:
        context = browser.new_context(viewport={"width": 1280, "height": 800}, **options)
        contexts.append(context)
        context.set_default_timeout(PATIENCE * 1000)
        path = tmp_path / "chart.html"
        path.write_bytes(standalone(figure, "Chart", theme))
        return Visit(context.new_page(), path)

    yield open_page
    for each in contexts:
        each.close()


@needs_browser
def test_the_chart_is_drawn_from_disk(visit: Open, tmp_path: Path) -> None:
    """A browser without a network draws the chart, complains of nothing and asks for nothing but the file itself."""
    seen = visit(figure_json("operation_latency"), offline=True)
    assert seen.chart("typeof window.Plotly.newPlot") == "function"
    assert seen.page.locator(".scatterlayer .trace").count() > 30
    assert seen.page.locator(".hm image").count() == 1
    assert (seen.said, seen.asked) == ([], [(tmp_path / "chart.html").as_uri()])


@needs_browser
def test_nothing_can_be_sent_away(visit: Open) -> None:
    """None of Plotly's buttons shares, uploads or leaves the page."""
    seen = visit(figure_json())
    titles = seen.chart("[...chart.querySelectorAll('.modebar-btn')].map((button) => button.dataset.title)")
    assert titles == ["Download plot as a PNG", "Zoom", "Pan", "Zoom in", "Zoom out", "Reset axes"]
    assert seen.page.locator("a[href]").count() == 0


@needs_browser
def test_names_are_shown_and_do_not_act(visit: Open) -> None:
    """In the drawn chart a legend's entries are the names themselves, and no link has come of them."""
    seen = visit(figure_json(keys=KEYS, backend="ipfs"))
    entries = seen.chart("[...chart.querySelectorAll('.legendtext')].map((text) => text.textContent)")
    assert set(entries) == {"all series", *NAMES[:4], "a�b", "</script><b>", "� �"}
    assert seen.chart("chart.querySelectorAll('svg a, svg b, svg script').length") == 0
    assert seen.said == []


@needs_browser
# Neither of the other zones has a summer time.
@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "Pacific/Marquesas"])
def test_times_are_utc_wherever_the_browser_is(visit: Open, zone: str) -> None:
    """The axis begins with the range, in UTC, and the page says by how much the browser's clock differs."""
    seen = visit(figure_json("operation_count", "one"), timezone_id=zone)
    assert seen.chart("chart.calcdata[0][0].p") == (NOON - 3600) * 1000
    assert "11:00" in seen.chart("chart.querySelector('.xtick text').textContent")
    clock = seen.page.locator("#clock").text_content() or ""
    assert {"UTC": "as on this device", "Asia/Kolkata": "5 h 30 min ahead", "Pacific/Marquesas": "9 h 30 min behind"}[
        zone
    ] in clock


@needs_browser
def test_the_theme_follows_the_system(visit: Open) -> None:
    """The chart is dark where the system is, turns light with it, and its colours of data stay."""
    seen = visit(figure_json(), color_scheme="dark")
    surface = "getComputedStyle(chart.querySelector('.main-svg')).backgroundColor"
    line = "chart._fullData.map((trace) => trace.marker?.color)"
    dark, before = seen.chart(surface), seen.chart(line)
    seen.page.emulate_media(color_scheme="light")
    assert dark == "rgb(23, 29, 39)"
    until(lambda: seen.chart(surface) == "rgb(255, 255, 255)", "the chart to turn light")
    assert seen.chart(line)[:5] == before[:5]


@needs_browser
@pytest.mark.parametrize(
    ("theme", "system", "surface"), [("dark", "light", "rgb(23, 29, 39)"), ("light", "dark", "rgb(255, 255, 255)")]
)
def test_a_theme_that_was_asked_for_stays(visit: Open, theme: str, system: str, surface: str) -> None:
    """Whatever the system has: of the chart, of the page and of what the browser draws itself."""
    seen = visit(figure_json(), theme, color_scheme=system)
    drawn = "getComputedStyle(chart.querySelector('.main-svg')).backgroundColor"
    figure = "getComputedStyle(document.querySelector('figure')).backgroundColor"
    scheme = "getComputedStyle(document.documentElement).colorScheme"
    assert [seen.chart(each) for each in (drawn, figure, scheme)] == [surface, surface, theme]
    seen.page.emulate_media(color_scheme=theme)
    seen.page.emulate_media(color_scheme=system)
    assert [seen.chart(each) for each in (drawn, figure)] == [surface] * 2


@needs_browser
def test_the_chart_fits_its_page(visit: Open) -> None:
    """On a phone nothing sticks out, the legend is below, the heat map gives way, and half is left to the plot."""
    seen = visit(figure_json("operation_latency"))
    seen.resize(360, 740)
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= 360
    assert seen.chart("chart._fullLayout.legend.orientation") == "h"
    assert seen.chart("chart._fullLayout._size.h / chart._fullLayout.height") >= 0.4
    until(lambda: seen.page.locator(".hm image").count() == 0, "the heat map to give way")
    seen.resize(1280, 800)
    until(lambda: seen.page.locator(".hm image").count() == 1, "the heat map to come back")
    assert seen.said == []


@needs_browser
@pytest.mark.parametrize("metric_type", ["operation_latency", "success_rate", "throughput", "queue_size"])
def test_the_title_of_an_axis_is_as_long_as_its_axis(visit: Open, metric_type: str) -> None:
    """Nothing of it is cut, and it does not touch the legend; what does not fit has a shorter wording, or none."""
    seen = visit(figure_json(metric_type))
    box = "(({ top, bottom }) => [top, bottom])(chart.querySelector('.ytitle').getBoundingClientRect())"
    title = f"chart.querySelector('.ytitle') && {box}.map((at) => at - chart.getBoundingClientRect().top)"
    for size in ((360, 640), (760, 420), (1280, 900)):
        seen.resize(*size)
        found, (plot_top, plot_height) = seen.chart(
            f"[{title}, [chart._fullLayout._size.t, chart._fullLayout._size.h]]"
        )
        top, bottom = found or (plot_top, plot_top)
        assert top >= plot_top - 2 and bottom <= plot_top + plot_height + 2, size


@needs_browser
def test_charts_zoom_together(visit: Open) -> None:
    """Linked charts show the same part of time, come back together, and are linked once however often."""
    seen = visit(figure_json("queue_size"))
    seen.page.evaluate(
        """async () => {
          const figure = JSON.parse(document.getElementById("figure").textContent);
          const other = document.createElement("div");
          other.id = "other";
          other.style.height = "300px";
          document.querySelector("main").append(other);
          await window.telemetrydCharts.mount(other, figure, { responsive: true });
          const charts = [document.getElementById("chart"), other];
          window.telemetrydCharts.link(charts);
          window.telemetrydCharts.link(charts);
          window.changes = 0;
          other.on("plotly_relayout", () => { window.changes += 1; });
        }"""
    )
    ranges = "[chart, document.getElementById('other')].map((each) => each._fullLayout.xaxis.range.map((at) => at.slice(0, 16).replace('T', ' ')))"
    part = ["2026-11-24 01:00", "2026-11-24 02:00"]
    seen.page.evaluate("(part) => window.Plotly.relayout('chart', { 'xaxis.range': part })", part)
    until(lambda: seen.chart(ranges) == [part, part], "both to show the part")
    seen.page.wait_for_function("window.changes > 0")
    assert seen.page.evaluate("window.changes") == 1
    seen.page.evaluate("window.Plotly.relayout('other', { 'xaxis.autorange': true })")
    whole = ["2026-11-23 12:00", "2026-11-24 12:00"]
    until(lambda: seen.chart(ranges) == [whole, whole], "both to show the whole")


@needs_browser
def test_an_element_may_show_another_figure(visit: Open) -> None:
    """Mounting again replaces the chart, and what listens to the element goes on to."""
    seen = visit(figure_json("throughput"))
    figure = figure_json("retry_count").decode()
    told = seen.page.evaluate(
        """async (figure) => {
          const chart = document.getElementById("chart");
          let heard = 0;
          chart.on("plotly_relayout", () => { heard += 1; });
          await window.telemetrydCharts.mount(chart, JSON.parse(figure), { responsive: true });
          await window.Plotly.relayout(chart, { "xaxis.autorange": true });
          return [chart.data[0].type, heard, chart.layout.title.text];
        }""",
        figure,
    )
    assert told == ["bar", 1, "Retries of operations"]
    assert seen.said == []
