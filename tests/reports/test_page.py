"""The three pages, as a reader's machine takes them."""

from __future__ import annotations

import itertools
import json
import re
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from telemetryd.model.metrics import METRIC_TYPES
from telemetryd.model.series import SeriesKey
from telemetryd.query.outages import Outage
from telemetryd.reports.facts import Facts
from telemetryd.reports.outages import BackendHealth
from telemetryd.reports.page import (
    CHART_TITLES,
    Chart,
    LocalTime,
    alt_of,
    data_block,
    failure_page,
    progress_page,
    report_page,
)
from telemetryd.reports.progress import DRAWING, Progress
from telemetryd.reports.record import CHARTS, CSV, FILES, JSON, PICTURES, PLOTLY, SCRIPT, STYLE, Record
from telemetryd.reports.totals import SeriesTotals, Totals
from tests.oracle import events

from .conftest import HOUR, START, Tell
from .reading import Page
from .stand_ins import figure
from .test_wording import plain

RECORD = Record("report_1795478400_12345", "/", "done", START + HOUR, START, START + HOUR, 1.0, "Done", 2.5)
UTC = LocalTime("UTC", 0)
# Names that somebody may choose, all of 1 to 64 characters.
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "</script><script>alert(1)//",
    "]]><!--",
    "{{ 7*7 }}{% raw %}",
    "&lt;b&gt; &amp;",
    "\u202egnp.exe\u2028\u2029\u0000\u0007",
    "javascript:alert(1)",
    "x" * 64,
)


def charts(pictures: bool = True) -> list[Chart]:
    return [Chart(name, figure(name), f"{name}, in words", pictures) for name in METRIC_TYPES]


def page(facts: Facts, pictures: bool = True, local: LocalTime = UTC, no_pictures: str = "") -> bytes:
    return report_page(RECORD, facts, charts(pictures), no_pictures, local, "1.2.3")


def assert_stands_alone(read: Page) -> None:
    """No script but the report's own files, nothing from elsewhere, no handler in an attribute."""
    for element in read.elements:
        for name, value in element.attributes.items():
            assert not name.startswith("on"), f"found a handler {name} at {element.tag}"
            if name in ("src", "href") and not value.startswith(("#", "data:")):
                assert value in FILES, f"expected a file of the report, found {value!r}"
    for script in read.all("script"):
        if "src" in script.attributes:
            assert not script.text
        else:
            assert script.attributes["type"] == "application/json"
            json.loads(script.text)
    assert not read.all("style")
    assert not any("style" in each.attributes for each in read.elements)


def headings(read: Page) -> list[int]:
    return [int(each.tag[1]) for each in read.elements if re.fullmatch("h[1-6]", each.tag)]


async def test_a_report_stands_alone(busy: Facts) -> None:
    """It needs nothing but the files of its folder."""
    read = Page.of(page(busy))
    assert_stands_alone(read)
    assert [each.attributes["src"] for each in read.all("script") if "src" in each.attributes] == [
        PLOTLY,
        CHARTS,
        SCRIPT,
    ]
    assert read.one("link", rel="stylesheet").attributes["href"] == STYLE
    assert {CSV, JSON} <= {each.attributes["href"] for each in read.all("a")}


async def test_a_report_is_a_document(busy: Facts) -> None:
    """With a title, a language, landmarks, a way past the header, and headings in order."""
    read = Page.of(page(busy))
    assert read.one("html").attributes["lang"] == "en"
    assert read.one("title").text == "WAL telemetry 2026-11-24 00:00 – 2026-11-24 01:00 UTC"
    for landmark in ("header", "nav", "main", "footer"):
        assert len(read.all(landmark)) == 1
    assert read.all("a")[0].attributes == {"class": "skip", "href": "#summary"}
    found = headings(read)
    assert found[0] == 1 and found.count(1) == 1
    assert all(later <= earlier + 1 for earlier, later in itertools.pairwise(found))
    ids = [each.attributes["id"] for each in read.elements if "id" in each.attributes]
    assert len(ids) == len(set(ids))
    for element in read.elements:
        for target in (element.attributes.get("aria-labelledby"), element.attributes.get("href", "")):
            if target and (target.startswith("#") or element.attributes.get("aria-labelledby") == target):
                assert target.removeprefix("#") in ids


async def test_every_metric_has_its_chart(busy: Facts) -> None:
    """A picture with words for it, in a figure with a caption, and the data of what replaces it."""
    read = Page.of(page(busy))
    assert [each.attributes["id"] for each in read.all("figure")] == list(CHART_TITLES)
    assert set(CHART_TITLES) == set(METRIC_TYPES)
    for metric in METRIC_TYPES:
        picture = read.one("img", src=PICTURES[metric])
        assert picture.attributes["alt"] == f"{metric}, in words"
        assert {"width", "height"} <= set(picture.attributes)
        assert json.loads(read.one("script", id=f"{metric}-figure").text) == json.loads(figure(metric))
    themes = json.loads(read.one("script", id="chart-templates").text)
    assert set(themes) == {"light", "dark"} and "layout" in themes["dark"]


async def test_without_pictures_there_are_words(busy: Facts) -> None:
    """And why, with what would help."""
    why = "PNG needs a Chromium: install chromium-headless-shell."
    read = Page.of(page(busy, pictures=False, no_pictures=why))
    assert not read.all("img")
    assert [each.text for each in read.all("p", **{"class": "words"})] == [f"{name}, in words" for name in CHART_TITLES]
    assert why in read.one("p", **{"class": "note"}).text


async def test_tables_say_what_their_cells_are(busy: Facts) -> None:
    """A caption, a scope for each heading, and room to scroll that a keyboard reaches."""
    read = Page.of(page(busy))
    assert len(read.all("table")) == len(read.all("caption")) == len(read.all("thead")) == 4
    assert all(each.attributes["scope"] == "col" for each in read.all("th"))
    assert len([each for each in read.all("div", role="group") if each.attributes["tabindex"] == "0"]) == 4
    assert all("button" not in each.inside for each in read.elements)


async def test_the_local_time_is_said(busy: Facts) -> None:
    """With its zone and offset, or that it is UTC."""
    text = Page.of(page(busy, local=LocalTime("CET", 3600))).one("header").text
    assert "CET (UTC+01:00 at the end): 2026-11-24 01:00 – 2026-11-24 02:00" in text
    assert "The node’s own time is UTC." in Page.of(page(busy)).one("header").text


async def test_changes_are_told_without_colour(busy: Facts) -> None:
    """In words that a screen reader says."""
    text = " ".join(each.text for each in Page.of(page(busy)).all("dd"))
    assert "up by" in text and "down by" in text and "before:" in text


async def test_a_range_of_nothing_is_a_good_page(tell: Tell) -> None:
    """It says so, in one finding, and each table says why it is empty."""
    read = Page.of(page(await tell([])))
    assert_stands_alone(read)
    assert len(read.all("h4")) == 1 and read.all("h4")[0].text.strip() == "No data in this range"
    assert not read.all("table")
    assert "not compared" in read.one("dl").text


@pytest.mark.parametrize("name", HOSTILE)
async def test_names_are_no_markup(tell: Tell, name: str) -> None:
    """Whatever they are called: they are shown as they are, and do nothing."""
    facts = _named(await tell(events.life("a", START + 1)), name)
    hostile = json.dumps({"data": [{"name": name}], "layout": {"title": name, "meta": {"alt": name}}}).encode()
    drawn = [replace(each, figure=hostile, alt=alt_of(hostile)) for each in charts()]
    data = report_page(RECORD, facts, drawn, name, LocalTime(name, 60), "1.2.3")
    read, harmless = Page.of(data), Page.of(page(_named(facts, "plain")))
    assert_stands_alone(read)
    count = [each.tag for each in read.elements].count
    assert {tag: count(tag) for tag in ("script", "img", "svg", "b", "td")} == {
        tag: [each.tag for each in harmless.elements].count(tag) for tag in ("script", "img", "svg", "b", "td")
    }
    shown = [each.text for each in read.all("bdi")]
    assert name in shown
    assert json.loads(read.one("script", id="queue_size-figure").text)["layout"]["title"] == name
    assert read.all("img")[0].attributes["alt"] == name


def _named(facts: Facts, name: str) -> Facts:
    """Return facts in which everything that somebody names has a name."""
    key = SeriesKey(name, name)
    operation: dict[str, Any] = {
        "operation_id": name * 4,
        "operation_type": name,
        "backend": name,
        "status": "failed",
        "end_time": START + 5.0,
        "latency": 1.0,
        "retry_count": 1,
        "error_type": name,
    }
    series = SeriesTotals(key, 50, 40, 10, 9, 50, 50.0, 1.0, 1.0, 1.0, 1.0, 1.0)
    stretch = Outage(START + 60.0, START + 120.0, 60.0, 0.0)
    return replace(
        facts,
        totals=Totals((series,), 3600.0),
        healths=(BackendHealth(name, 3540.0, 0.0, 60.0, (stretch,), None),),
        slowest=(operation,),
        failed=(operation,) * 10,
    )


def test_data_inside_a_page_is_the_same_data() -> None:
    """And holds nothing that ends a script or begins a comment."""
    value = ["</script>", "<!--", "&amp;", "\u2028\u2029", 'a"b\\', "<" * 3]
    block = data_block(msgspec.json.encode(value))
    assert json.loads(block) == value
    assert not set(block) & set("<>&\u2028\u2029")


def test_a_figure_without_words_has_none() -> None:
    """The page can be made all the same."""
    assert alt_of(b'{"data":[],"layout":{}}') == alt_of(b"{}") == ""


def test_the_page_of_one_that_is_made() -> None:
    """It says which step, how far and how long, looks again by itself, and runs no script."""
    progress = Progress()
    progress.finish(0)
    progress.begin(DRAWING)
    progress.advance(DRAWING)
    record = msgspec.structs.replace(RECORD, status="running", progress=0.1764, step=progress.step, seconds=1.5)
    read = Page.of(progress_page(record, progress.steps()))
    assert_stands_alone(read)
    assert not read.all("script")
    assert read.one("meta", **{"http-equiv": "refresh"}).attributes["content"] == "1"
    bar = read.one("progress").attributes
    assert (bar["value"], bar["max"], bar["aria-label"]) == ("18", "100", "Progress of the report")
    assert plain(read.one("title").text) == "18 % – report in the making"
    steps = [(each.attributes["class"], " ".join(each.text.split())) for each in read.all("li")]
    assert steps[0] == ("done", "Reading the samples of all metrics done")
    assert ("now", "Drawing the charts (1 of 8) at work") in steps
    assert "Drawing the charts (1 of 8). 1.5" in read.one("p", **{"class": "now"}).text


@pytest.mark.parametrize("why", ["No space left.", *HOSTILE])
def test_the_page_of_one_that_failed(why: str) -> None:
    """It says why, and does not look again."""
    record = msgspec.structs.replace(RECORD, status="failed", error=why, progress=0.5, step="Drawing the charts")
    read = Page.of(failure_page(record))
    assert_stands_alone(read)
    assert not read.all("script") and not read.all("meta", **{"http-equiv": "refresh"})
    assert read.one("p", role="alert").text == why
    assert headings(read) == [1]
