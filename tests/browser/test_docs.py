"""The page of the API, in a browser."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.end_to_end.daemon import Daemon
from tests.openapi import document

from .test_usable_by_all import PHONE
from .tokens import file_of_tokens
from .visit import Visit

Open = Callable[..., Visit]

OPERATIONS = [told["operationId"] for methods in document()["paths"].values() for told in methods.values()]


def open_docs(node: Daemon, visit: Open, where: str = "docs", **options: Any) -> Visit:
    """Return the page, as soon as it has read the document."""
    seen = visit(f"{node.url}/{where}", **options)
    expect(seen.page.locator("section.route")).to_have_count(len(OPERATIONS))
    return seen


def test_every_operation_can_be_read(node: Daemon, visit: Open) -> None:
    """Each has a section and a place in the contents that leads to it, and says what it takes and gives."""
    seen = open_docs(node, visit)
    ids = seen.page.locator("section.route").evaluate_all("all => all.map(each => each.id)")
    links = seen.page.locator("#contents li a").evaluate_all("all => all.map(each => each.hash.slice(1))")
    assert sorted(ids) == sorted(OPERATIONS)
    assert links == ids
    told = seen.text("#get_telemetry .told")
    for word in (
        "aggregation",
        "percentile_95",
        "1 to 64 characters",
        "default json",
        "application/vnd.apache.arrow.stream",
    ):
        assert word in told
    assert "undefined" not in seen.text("main") and "[object" not in seen.text("main")


def test_a_shape_unfolds(node: Daemon, visit: Open) -> None:
    """Down to a single number, and failures to their words."""
    seen = open_docs(node, visit)
    route = seen.page.locator("#get_telemetry")
    route.get_by_text("What it holds").click()
    route.locator(".tree summary", has_text="metrics").first.click()
    route.locator(".tree .tree summary", has_text="operation_latency").first.click()
    expect(route.locator(".tree .tree .tree li", has_text="percentile_99").first).to_be_visible()
    route.locator(".failures > summary").click()
    expect(route.locator(".failures")).to_contain_text("result_too_large")


def test_each_request_can_be_made(quiet_node: Daemon, visit: Open) -> None:
    """What is to be copied is a command that this daemon takes; only what it names may not be there."""
    seen = open_docs(quiet_node, visit)
    commands = seen.page.locator(".examples figure:first-child pre").all_inner_texts()
    assert len(commands) == len(OPERATIONS)
    for command in commands:
        method, url, more = _request(command)
        assert url.startswith(quiet_node.url)
        if "-N" not in shlex.split(command):
            answer = quiet_node.ask(method, url.removeprefix(quiet_node.url), **more)
            assert answer.status_code in (200, 404), (command, answer.text)


def test_requests_show_where_a_token_goes(idle_node: Daemon, visit: Open) -> None:
    """Where there are tokens, and only with the routes that need one; the page itself needs none."""
    idle_node.start(TELEMETRYD_HTTP_TOKENS=file_of_tokens(idle_node.folder))
    seen = open_docs(idle_node, visit)
    assert "$TOKEN" in seen.text("#get_telemetry .examples figure:first-child")
    assert "$TOKEN" in seen.text("#update_telemetry_config .examples figure:first-child")
    assert "$TOKEN" not in seen.text("#health .examples figure:first-child")


def test_words_find_routes(node: Daemon, visit: Open) -> None:
    """In their paths, their parameters and what is said of them; nothing brings all back."""
    seen = open_docs(node, visit)
    seen.page.keyboard.press("/")
    seen.page.keyboard.type("slowest")
    expect(seen.page.locator("section.route:visible")).to_have_count(1)
    expect(seen.page.locator("#list_operations")).to_be_visible()
    expect(seen.page.locator("#contents li:visible")).to_have_count(1)
    expect(seen.page.locator(".count")).to_have_text(f"1 of {len(OPERATIONS)} routes")
    seen.page.locator("#find").fill("")
    expect(seen.page.locator("section.route:visible")).to_have_count(len(OPERATIONS))


def test_an_address_leads_to_its_route(node: Daemon, visit: Open) -> None:
    """As when a colleague sends it."""
    seen = open_docs(node, visit, "docs#visualize_metrics")
    expect(seen.page.locator("#visualize_metrics-title")).to_be_in_viewport()


def test_the_dashboard_leads_there_and_back(node: Daemon, visit: Open) -> None:
    """With a click each."""
    seen = visit(node.url)
    seen.page.get_by_role("link", name="API").click()
    expect(seen.page.locator("#get_telemetry")).to_be_visible()
    seen.page.get_by_role("link", name="Dashboard").click()
    seen.expect_live()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_no_serious_fault(node: Daemon, visit: Open, axe: str, theme: str) -> None:
    """In light and in dark, with everything unfolded."""
    seen = open_docs(node, visit, color_scheme=theme, bypass_csp=True)
    seen.page.evaluate("document.querySelectorAll('#get_telemetry details').forEach(each => { each.open = true })")
    seen.page.evaluate(axe)
    assert not seen.faults()


def test_a_phone_is_wide_enough(node: Daemon, visit: Open) -> None:
    """At 360 pixels only code scrolls sideways, and the contents fold away after a choice."""
    seen = open_docs(node, visit, viewport=PHONE)
    wide, room = seen.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide <= room
    seen.page.get_by_text("Contents", exact=True).click()
    seen.page.locator("#contents li a").last.click()
    expect(seen.page.locator("#contents")).to_be_hidden()


def _request(command: str) -> tuple[str, str, dict[str, Any]]:
    """Return what a curl command asks for: its method, its address, and what requests needs besides."""
    words = shlex.split(command.replace("\\\n", ""))
    assert words.pop(0) == "curl"
    method, url, data, headers, get = "", "", [], {}, False
    while words:
        word = words.pop(0)
        if word == "-X":
            method = words.pop(0)
        elif word == "-d":
            data.append(words.pop(0))
        elif word == "-H":
            name, _, value = words.pop(0).partition(": ")
            headers[name] = value
        elif word == "-o":
            words.pop(0)
        elif word == "-G":
            get = True
        elif word != "-N":
            url = word
    if get:
        return "GET", f"{url}?{'&'.join(data)}", {"headers": headers}
    return method or ("POST" if data else "GET"), url, {"headers": headers, "data": "&".join(data) or None}
