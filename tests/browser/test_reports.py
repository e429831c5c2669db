"""Reports, from the button to the page, in a real browser."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

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
