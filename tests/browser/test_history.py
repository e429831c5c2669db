"""The history view, in a real browser."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from telemetryd.model.metrics import METRIC_TYPES
from tests.end_to_end.daemon import Daemon

from .visit import PATIENCE_MS, Visit

Open = Callable[..., Visit]


def test_filters_change_the_numbers_and_the_address(node: Daemon, visit: Open) -> None:
    """And a reload, or a colleague with the same link, sees the same."""
    seen = visit(node.url + "/#history?range=6h")
    expect(seen.number("series")).to_have_text("5")
    seen.page.locator("#history-backend").fill("s3")
    seen.page.keyboard.press("Enter")
    expect(seen.number("ended")).to_have_text("61")
    expect(seen.number("success")).to_have_text("78.7 %")
    assert "backend=s3" in seen.page.url
    seen.page.locator("#history-status").select_option("failed")
    expect(seen.number("ended")).to_have_text("13")
    seen.page.reload()
    expect(seen.number("ended")).to_have_text("13")
    expect(seen.page.locator("#history-backend")).to_have_value("s3")
    expect(seen.page.locator("#history-status")).to_have_value("failed")
    expect(seen.page.get_by_role("radio", name="6 h").locator("visible=true")).to_be_checked()
    seen.page.go_back()
    expect(seen.number("ended")).to_have_text("61")
    seen.page.get_by_role("button", name="Clear filters").click()
    expect(seen.number("series")).to_have_text("5")
    assert "backend" not in seen.page.url


def test_filters_suggest_what_there_is(node: Daemon, visit: Open) -> None:
    """Also what the filter in force leaves out."""
    seen = visit(node.url + "/#history?range=6h&operation_type=get")
    suggested = seen.page.locator("#history-operation_type-list option")
    expect(suggested).to_have_count(5)
    names = suggested.evaluate_all("options => options.map(option => option.value)")
    assert {"add", "get", "pin", "upload"} < set(names)


def test_a_filter_that_leaves_nothing_says_so(node: Daemon, visit: Open) -> None:
    """A backend that nobody knows is an empty range, and no error."""
    seen = visit(node.url + "/#history?range=1h&backend=nowhere")
    expect(seen.page.locator("#history .table .empty")).to_have_text(
        "Nothing happened in this range that these filters leave."
    )
    expect(seen.number("ended")).to_have_text("0")
    expect(seen.number("success")).to_have_text("–")


def test_a_range_of_ones_own(node: Daemon, visit: Open) -> None:
    """Between two instants, in UTC; what cannot be a range is said beside the fields."""
    seen = visit(node.url + "/#history")
    seen.page.locator("#history .range").get_by_role("button", name="Custom…").click()
    start, end = seen.page.get_by_label("from"), seen.page.get_by_label("to", exact=True)
    start.locator("visible=true").fill("2024-05-05T10:00:00")
    end.locator("visible=true").fill("2024-05-05T09:00:00")
    show = seen.page.locator("#history").get_by_role("button", name="Show", exact=True)
    show.click()
    expect(seen.page.locator("#history .custom-range [role=alert]")).to_have_text(
        "The range must begin before it ends."
    )
    end.locator("visible=true").fill("2024-05-05T11:00:00")
    show.click()
    expect(seen.page.locator("#history > .detail").first).to_have_text(
        "2024-05-05 10:00 to 2024-05-05 11:00, UTC · 1 hour"
    )
    assert "start_time=1714903200&end_time=1714906800" in seen.page.url
    expect(seen.number("ended")).to_have_text("0")


def test_all_eight_charts(node: Daemon, visit: Open) -> None:
    """Each is drawn when it comes into view, says in words what it shows, and is there as a file."""
    seen = visit(node.url + "/#history?range=6h")
    for metric in METRIC_TYPES:
        card = seen.page.locator(f"[data-metric={metric}]")
        card.scroll_into_view_if_needed()
        expect(card).to_have_attribute("data-state", "drawn")
        expect(card.locator(".main-svg").first).to_be_visible()
        links = card.locator(".links a")
        expect(links).to_have_text(["PNG", "SVG", "HTML", "CSV"])
        answer = seen.page.request.get(links.last.get_attribute("href") or "", timeout=PATIENCE_MS)
        assert answer.ok and answer.text().startswith('"metric_type"')


def test_charts_are_chosen_in_the_address(node: Daemon, visit: Open) -> None:
    """Two of eight, and a reload leaves it at those."""
    seen = visit(node.url + "/#history?metric_type=throughput,queue_size")
    cards = seen.page.locator(".figure-card:visible")
    expect(cards).to_have_count(2)
    seen.page.get_by_text("Charts: 2 of 8").click()
    seen.page.get_by_role("checkbox", name="Retries").check()
    expect(cards).to_have_count(3)
    seen.page.reload()
    expect(cards).to_have_count(3)


# Where on the page a trace's highest point is: of bars and areas, in the middle of its layer. The bar of the present
# stands for more time than has passed: it reaches beyond the end of the range, so it is what can be seen of it.
PLACE = """([metric, about]) => {
    const plot = document.querySelector(`[data-metric=${metric}] .js-plotly-plot`);
    const same = ({ series, status } = {}) => JSON.stringify(series?.[0] ?? status) === about;
    const at = plot.data.findIndex(({ meta, mode }) => same(meta) && mode !== "markers");
    const trace = plot.calcdata[at][0].trace;
    const { xaxis, yaxis } = plot._fullLayout;
    const value = (point) => Number(point.s1 - point.s0 || point.s || point.y) || 0;
    const known = plot.calcdata[at].filter((point) => Number.isFinite(point.y));
    const point = known.reduce((best, each) => (value(each) > value(best) ? each : best));
    const layered = trace.type === "bar" || trace.stackgroup;
    const y = layered ? point.y - (point.s ?? 0) / 2 : point.y;
    const within = (at) => Math.min(Math.max(xaxis.c2p(at), 0), xaxis._length);
    const x = trace.type === "bar" ? (within(point.p0) + within(point.p1)) / 2 : xaxis.c2p(point.x);
    const box = plot.getBoundingClientRect();
    return [box.left + xaxis._offset + x, box.top + yaxis._offset + yaxis.c2p(y)];
}"""


# Whether Plotly knows that the pointer is on a trace.
UNDER_POINTER = """([metric, about]) => {
    const plot = document.querySelector(`[data-metric=${metric}] .js-plotly-plot`);
    const same = ({ series, status } = {}) => JSON.stringify(series?.[0] ?? status) === about;
    return plot._hoverdata?.some(({ data }) => same(data.meta));
}"""


@pytest.mark.parametrize(
    ("metric_type", "about", "address"),
    [
        ("operation_latency", {"operation_type": "upload", "backend": "s3"}, ("operation_type=upload", "backend=s3")),
        ("retry_count", {"operation_type": "upload", "backend": "s3"}, ("operation_type=upload", "backend=s3")),
        ("operation_count", "completed", ("status=completed",)),
    ],
)
def test_a_click_leads_to_operations(
    node: Daemon, visit: Open, metric_type: str, about: object, address: tuple[str, ...]
) -> None:
    """A point of a line, a bar in a stack: those of its series, or of its status, the slowest first."""
    seen = visit(node.url + f"/#history?range=6h&metric_type={metric_type}")
    card = seen.page.locator(f"[data-metric={metric_type}]")
    card.scroll_into_view_if_needed()
    expect(card).to_have_attribute("data-state", "drawn")
    # What comes above the chart moves it.
    expect(seen.number("series")).to_have_text("5")
    x, y = seen.page.evaluate(PLACE, [metric_type, json.dumps(about, separators=(",", ":"))])
    seen.page.mouse.move(x - 3, y)
    seen.page.mouse.move(x, y, steps=3)
    # Plotly looks only now and then where the pointer is: sooner than that no hand clicks.
    seen.page.wait_for_function(UNDER_POINTER, arg=[metric_type, json.dumps(about, separators=(",", ":"))])
    seen.page.mouse.click(x, y)
    expect(seen.page.locator("#operations tbody tr").first).to_be_visible()
    assert all(part in seen.page.url for part in ("#operations", "range=6h", "sort=slowest", *address)), seen.page.url


def test_a_double_click_is_no_click(node: Daemon, visit: Open) -> None:
    """It shows the whole range again, as it always did, and leads nowhere."""
    seen = visit(node.url + "/#history?range=6h&metric_type=operation_count")
    card = seen.page.locator("[data-metric=operation_count]")
    expect(card).to_have_attribute("data-state", "drawn")
    expect(seen.number("series")).to_have_text("5")
    x, y = seen.page.evaluate(PLACE, ["operation_count", '"completed"'])
    seen.page.mouse.move(x - 3, y)
    seen.page.mouse.move(x, y, steps=3)
    seen.page.wait_for_function(UNDER_POINTER, arg=["operation_count", '"completed"'])
    # By a clock that stands still the second click comes in time, however busy the machine is.
    seen.page.clock.install()
    seen.page.clock.pause_at(time.time() + 60)
    seen.page.mouse.dblclick(x, y)
    seen.page.clock.run_for(700)
    assert "#history" in seen.page.url


def test_charts_that_zoom_together_come_to_rest(node: Daemon, visit: Open) -> None:
    """However a part is given, in words or in milliseconds, in whatever zone: all show the same, each moved once."""
    seen = visit(
        node.url + "/#history?range=6h&metric_type=throughput,queue_size,retry_count", timezone_id="Asia/Kolkata"
    )
    cards = seen.page.locator(".figure-card:visible")
    for index in range(3):
        cards.nth(index).scroll_into_view_if_needed()
        expect(cards.nth(index)).to_have_attribute("data-state", "drawn")
    moved, ranges = seen.page.evaluate(
        """async () => {
            const plots = [...document.querySelectorAll(".figure-card:not([hidden]) .js-plotly-plot")];
            const [low, high] = plots[0]._fullLayout.xaxis.range.map((at) => Date.parse(`${at.replace(" ", "T")}Z`));
            const part = [low + (high - low) / 4, low + (high - low) / 2];
            const ranges = () => plots.map((plot) => String(plot._fullLayout.xaxis.range));
            const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
            let moved = 0;
            let wanted = 0;
            for (const plot of plots) plot.on("plotly_relayout", () => (moved += 1));
            for (const range of [part, part.map((at) => new Date(at).toISOString()), part.map((at) => at + 60000)]) {
                wanted += plots.length;
                await window.Plotly.relayout(plots[1], { "xaxis.range": range });
                for (let looks = 0; looks < 3000 && (moved < wanted || new Set(ranges()).size > 1); looks += 1) await pause(20);
                // One that moves again does so now.
                await pause(200);
            }
            return [moved, ranges()];
        }"""
    )
    assert len(set(ranges)) == 1
    assert moved == 9


def test_what_is_zoomed_into_becomes_the_range(node: Daemon, visit: Open) -> None:
    """A part of one chart is seen in all of them, and one button makes it the range."""
    seen = visit(node.url + "/#history?range=6h&metric_type=throughput,queue_size")
    cards = seen.page.locator(".figure-card:visible")
    for index in range(2):
        expect(cards.nth(index)).to_have_attribute("data-state", "drawn")
    # What comes above the charts moves them.
    expect(seen.number("series")).to_have_text("5")
    plot = cards.first.locator(".nsewdrag").first.bounding_box()
    assert plot is not None
    middle = plot["y"] + plot["height"] / 2
    seen.page.mouse.move(plot["x"] + plot["width"] * 0.7, middle)
    seen.page.mouse.down()
    seen.page.mouse.move(plot["x"] + plot["width"] * 0.9, middle, steps=5)
    seen.page.mouse.up()
    notice = seen.page.locator(".zoom")
    expect(notice).to_contain_text("The charts show")
    plots = "[...document.querySelectorAll('.figure-card:not([hidden]) .js-plotly-plot')]"
    seen.page.wait_for_function(f"new Set({plots}.map((plot) => String(plot.layout.xaxis.range))).size === 1")
    notice.get_by_role("button", name="Make this the range").click()
    expect(notice).to_be_hidden()
    expect(seen.page.get_by_role("radio", name="6 h").locator("visible=true")).not_to_be_checked()
    assert "start_time=" in seen.page.url and "range=" not in seen.page.url
