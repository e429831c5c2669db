"""The live view, in a real browser, while a WAL runs."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from tests.end_to_end.daemon import Daemon

from .visit import Visit
from .wal import HOSTILE_BACKEND, HOSTILE_TYPE, Wal, send_history

Open = Callable[..., Visit]


def test_comes_alive(node: Daemon, visit: Open) -> None:
    """The tiles tell numbers, and others a moment later; the charts reach back to before the page was opened."""
    seen = visit(node.url)
    seen.expect_live()
    ended = seen.tile("throughput").locator(".detail")
    expect(ended).to_contain_text("ended in the last 5 minutes")
    expect(ended).not_to_have_text(ended.inner_text())
    expect(seen.tile("queue")).to_contain_text("operation")
    expect(seen.tile("latency").locator("a")).to_have_text("pin on ipfs")
    expect(seen.tile("ingest")).to_contain_text("balanced")
    expect(seen.page.locator("#live path.line[d*=L]")).not_to_have_count(0)
    expect(seen.page.locator("#live .account dd").first).not_to_have_text("")
    expect(seen.page.locator(".node-state")).to_have_text("Ready")


def test_backends_and_their_last_hour(node: Daemon, visit: Open) -> None:
    """Each backend says what it is now, and its strip how it was."""
    seen = visit(node.url)
    s3 = seen.page.locator(".backends li", has_text="s3")
    expect(s3.locator(".badge")).to_have_text("online")
    expect(s3.get_by_role("img")).to_have_attribute(
        "aria-label", re.compile("s3: not online in 1[01] of 6[01] intervals")
    )


def test_another_window_is_in_the_address(node: Daemon, visit: Open) -> None:
    """One minute instead of five: the numbers are others, and a reload shows the same."""
    seen = visit(node.url)
    seen.page.get_by_role("radio", name="1 min").check()
    expect(seen.tile("throughput")).to_contain_text("ended in the last 1 minute")
    assert "window=1m" in seen.page.url
    seen.page.reload()
    expect(seen.tile("throughput")).to_contain_text("ended in the last 1 minute")
    expect(seen.page.get_by_role("radio", name="1 min")).to_be_checked()


@pytest.mark.parametrize(("window", "most"), [("1m", 5), ("5m", 20)])
def test_the_past_costs_few_questions(quiet_node: Daemon, visit: Open, window: str, most: int) -> None:
    """One for each kind of number; only windows that overlap are asked for one by one, some at once."""
    now = time.time()
    with quiet_node.producer() as producer:
        producer.hello("past")
        events = [event for number in range(60) for event in _life(number, now - 15 * number - 30, number % 4 == 0)]
        producer.store(1, events)
    seen = visit(quiet_node.url + "/-/healthy")
    asked: list[str] = []
    seen.page.on("request", lambda request: asked.append(request.url) if "/metrics?" in request.url else None)
    seen.page.goto(f"{quiet_node.url}/#live?window={window}")
    seen.expect_live()
    line = seen.page.locator("#live [data-tile=success] path.line[d*=L]")
    expect(line).not_to_have_count(0)
    expect(seen.page.locator("#live .chart path.line[d*=L]")).not_to_have_count(0)
    assert len([url for url in asked if "backend_health" not in url]) <= most
    body = "const found = await it.past(argument, 900, new AbortController().signal); return [found.totals, found.latency.map(([at, numbers]) => [at, [...numbers]])]"
    seconds = {"1m": 60, "5m": 300}[window]
    totals, latency = seen.module("past.js", body, seconds)
    assert [at for at, _ in totals] == [at for at, _ in latency] and len(totals) == 16
    ended = [numbers["throughput"] * seconds / 60 for _, numbers in totals]
    assert max(ended) == pytest.approx(seconds / 15, abs=1)
    assert sum(numbers.get("success", 1) < 1 for _, numbers in totals) > 10
    assert sum(names == [["add:ipfs", names[0][1]]] for _, names in latency if names) > 10
    assert all(
        numbers.get("worst") == (names[0][1] if names else None)
        for (_, numbers), (_, names) in zip(totals, latency, strict=True)
    )


def _life(number: int, at: float, fails: bool) -> list[dict[str, object]]:
    name = {"operation_id": f"past-{number}", "operation_type": "add", "backend": "ipfs"}
    end = {"event": "status_change", "status": "failed" if fails else "completed", **name, "timestamp": at + 1}
    return [{"event": "operation_start", **name, "timestamp": at}, end]


def test_series_by_keyboard_alone(node: Daemon, visit: Open) -> None:
    """From the top of the page to the operations of a series and one's timeline, and back, without a mouse."""
    seen = visit(node.url)
    row = seen.page.locator("#live tbody a").first
    expect(row).to_be_visible()
    for _ in range(60):
        seen.page.keyboard.press("Tab")
        if row.evaluate("link => link === document.activeElement"):
            break
    expect(row).to_be_focused()
    seen.page.keyboard.press("Enter")
    expect(seen.page.locator("#operations-title")).to_be_focused()
    expect(seen.page.get_by_label("Backend").locator("visible=true")).to_have_value("ipfs")
    operation = seen.page.locator("#operations tbody a").first
    expect(operation).to_be_visible()
    operation.focus()
    seen.page.keyboard.press("Enter")
    expect(seen.page.get_by_role("dialog")).to_contain_text("What happened")
    seen.page.keyboard.press("Escape")
    expect(seen.page.get_by_role("dialog")).to_be_hidden()
    expect(operation).to_be_focused()


def test_names_are_only_names(quiet_node: Daemon, visit: Open) -> None:
    """What looks like markup is shown as it was written, and runs nowhere."""
    send_history(quiet_node)
    seen = visit(quiet_node.url + "/#history?range=6h")
    row = seen.page.locator("#history tbody tr", has_text="hit()")
    expect(row.locator("th")).to_have_text(HOSTILE_TYPE)
    expect(row.locator("td").first).to_have_text(HOSTILE_BACKEND)
    row.locator("a").click()
    expect(seen.page.locator("#operations tbody tr")).to_have_count(5)
    expect(seen.page.locator("#operations-backend")).to_have_value(HOSTILE_BACKEND)
    assert seen.page.evaluate("document.querySelectorAll('img[src=x], body script').length") == 0


@pytest.fixture
def address() -> Iterator[str]:
    """An address of a daemon's own, which nobody else is given while the daemon is away."""
    with socket.socket() as holding:
        holding.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holding.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{holding.getsockname()[1]}"


def test_a_silent_daemon_is_not_taken_for_a_calm_one(idle_node: Daemon, address: str, visit: Open) -> None:
    """The page says that its numbers are old, and goes on by itself when the daemon is there again."""
    idle_node.start("--http", address)
    seen = visit(idle_node.url)
    seen.expected = ("Failed to load resource", "ERR_")
    seen.expect_live()
    nothing = seen.page.locator("#live .columns .empty").first
    expect(nothing).to_have_text("Nothing is in flight, and no operation has ended in the last 5 minutes.")
    assert idle_node.stop() == 0
    expect(seen.page.locator(".stream-state")).to_have_text("Stale: no new numbers")
    expect(seen.page.locator(".node-state")).to_have_text("No answer from the daemon")
    expect(seen.page.locator("#live .notice")).to_contain_text("What is shown is from")
    idle_node.launch("--http", address)
    seen.expect_live()
    expect(seen.page.locator(".node-state")).to_have_text("Ready")
    with Wal(idle_node.socket):
        expect(seen.tile("throughput")).to_contain_text("ended in the last 5 minutes")
        expect(seen.page.locator("#live tbody th")).to_have_text(["pin"])


def test_an_address_that_means_nothing_is_the_usual_view(node: Daemon, visit: Open) -> None:
    """Words that every object of JavaScript has are no windows, and no range ends after the last date there is."""
    seen = visit(node.url + "/#live?window=constructor")
    seen.expect_live()
    expect(seen.tile("throughput")).to_contain_text("ended in the last 5 minutes")
    other = visit(node.url + "/#history?start_time=1&end_time=99999999999999")
    expect(other.page.locator("#history > .detail").first).to_contain_text("1 hour")
    expect(other.page.get_by_role("radio", name="1 h", exact=True).locator("visible=true")).to_be_checked()


def test_long_names_cut_no_numbers(quiet_node: Daemon, visit: Open) -> None:
    """Names give way: the last column is seen, and how long a backend has been degraded stays on its card."""
    now = time.time()
    backend = "a-backend-with-a-name-that-is-as-long-as-names-of-backends-can-be"[:64]
    events = [{"event": "backend_health_change", "backend": backend, "new_status": "degraded", "timestamp": now - 3500}]
    for number in range(3):
        name = {"operation_id": f"long-{number}", "operation_type": "operation-with-a-long-name", "backend": backend}
        events.append({"event": "operation_start", **name, "timestamp": now - 3400})
        events.append({"event": "status_change", "status": "completed", **name, "timestamp": now - 30})
    with quiet_node.producer() as producer:
        producer.hello("long")
        producer.store(1, events)
    seen = visit(quiet_node.url)
    seen.expect_live()
    expect(seen.page.locator("#live .series tbody tr")).to_have_count(1)
    expect(seen.page.locator(".backends .since")).to_contain_text("over")
    table = seen.page.locator("#live .series").locator("xpath=..")
    assert table.evaluate("each => each.scrollWidth <= each.clientWidth")
    edges = "each => each.getBoundingClientRect().right"
    card, since = (seen.page.locator(each).evaluate(edges) for each in (".backends", ".backends .since"))
    assert since <= card - 10
    seen.page.goto(quiet_node.url + "/#operations?range=6h&sort=slowest")
    cell = seen.page.locator("#operations tbody tr").first.locator("td:nth-child(5)")
    bar, text = cell.locator(".measure").bounding_box(), cell.locator("span").last.bounding_box()
    assert bar and text and bar["x"] + bar["width"] <= text["x"]
    assert bar["width"] > 80


def test_the_worse_the_higher_is_a_backends_strip(node: Daemon, visit: Open) -> None:
    """As in the chart of its history."""
    seen = visit(node.url)
    bars = seen.page.locator(".backends li", has_text="s3").locator(".strip rect")
    expect(bars).not_to_have_count(0)
    found = bars.evaluate_all("bars => bars.map(bar => [bar.style.fill, Number(bar.getAttribute('height'))])")
    heights = dict(found)
    assert len(heights) == 2
    offline = seen.module("colours.js", "return it.healthColour('offline')")
    wanted = tuple(int(offline[at : at + 2], 16) for at in (1, 3, 5))
    assert max(heights, key=lambda colour: heights[colour]) == f"rgb{wanted}"
