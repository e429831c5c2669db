"""Reports, from the button to the page, in a real browser."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Route, expect

from tests.end_to_end.daemon import Daemon

from .visit import Visit
from .wal import send_history

Open = Callable[..., Visit]


def test_from_the_button_to_the_report(quiet_node: Daemon, visit: Open) -> None:
    """It is made, it opens finished, it stands in the list, and it can be deleted."""
    send_history(quiet_node)
    seen = visit(quiet_node.url + "/#history?range=1h")
    seen.page.get_by_role("button", name="Make a report of this range").locator("visible=true").click()
    with seen.page.context.expect_page() as opened:
        seen.page.get_by_role("link", name="Open the report").click()
    report = opened.value
    expect(report.get_by_role("heading", level=1)).to_be_visible()
    expect(report.locator(".main-svg").first).to_be_visible()
    report.close()
    seen.page.get_by_role("link", name="all reports").click()
    rows = seen.page.locator("#reports tbody tr")
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("done")
    expect(rows.first).to_contain_text("1 hour")
    rows.first.get_by_role("button", name="Delete").click()
    sure = seen.page.get_by_role("dialog")
    sure.get_by_role("button", name="Keep it").click()
    expect(rows).to_have_count(1)
    rows.first.get_by_role("button", name="Delete").click()
    sure.get_by_role("button", name="Delete the report").click()
    expect(seen.page.locator("#reports .table .empty")).to_have_text("There is no report yet.")


def test_a_report_is_followed_after_a_look_elsewhere(quiet_node: Daemon, visit: Open) -> None:
    """Whoever comes back from another view is told that it is done; of all reports nobody need be told."""
    send_history(quiet_node)
    seen = visit(quiet_node.url + "/#history?range=1h")
    held, lists = [True], []

    def answer(route: Route) -> None:
        response = route.fetch()
        told = response.json()
        route.fulfill(response=response, json=told | {"status": "running"} if held[0] else told)

    seen.page.route("**/report.json", answer)
    seen.page.on("request", lambda request: lists.append(request.url) if request.url.endswith("/reports") else None)
    seen.page.get_by_role("button", name="Make a report of this range").locator("visible=true").click()
    expect(seen.page.locator("#history .told progress")).to_be_visible()
    seen.page.get_by_role("link", name="Settings").click()
    expect(seen.page.locator("#settings-title")).to_be_visible()
    held[0] = False
    seen.page.get_by_role("link", name="History").click()
    expect(seen.page.get_by_role("link", name="Open the report")).to_be_visible()
    assert lists == []
