"""Operations and their timelines, in a real browser."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from tests.end_to_end.daemon import Daemon

from .visit import Visit
from .wal import STORY

Open = Callable[..., Visit]


def test_from_an_id_to_its_timeline(node: Daemon, visit: Open) -> None:
    """Whatever the id is made of: the phases, how long each was, and why it failed."""
    seen = visit(node.url)
    seen.page.get_by_label("Operation id").fill(STORY)
    seen.page.get_by_role("button", name="Find").click()
    dialog = seen.page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", level=2)).to_have_text(STORY)
    expect(dialog.get_by_role("img")).to_have_attribute(
        "aria-label", "pending 1 s, then processing 3 s, then retrying 2 s, then processing 4 s"
    )
    steps = dialog.get_by_role("listitem").filter(has=seen.page.locator("time"))
    expect(steps).to_have_count(5)
    expect(steps.nth(2)).to_contain_text("throttled · retry 1")
    expect(steps.last).to_contain_text("disk_error")
    assert f"id={quote(STORY, safe='')}" in seen.page.url
    seen.page.reload()
    expect(dialog.get_by_role("heading", level=2)).to_have_text(STORY)


@pytest.mark.parametrize("operation_id", [".", ".."])
def test_an_id_that_paths_cannot_hold(quiet_node: Daemon, visit: Open, operation_id: str) -> None:
    """Its timeline is found as any other's."""
    name = {"operation_id": operation_id, "operation_type": "add", "backend": "ipfs", "timestamp": time.time() - 60}
    with quiet_node.producer() as producer:
        producer.hello("dots")
        producer.store(1, [{"event": "operation_start", **name}])
    seen = visit(f"{quiet_node.url}/#operations?id={operation_id}")
    dialog = seen.page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", level=2)).to_have_text(operation_id)
    expect(dialog).to_contain_text("What happened")


def test_an_id_that_nobody_knows(node: Daemon, visit: Open) -> None:
    """It is said that there is none, and what may be the reason."""
    seen = visit(node.url + "/#operations?id=no-such-id")
    seen.expected = ("404",)
    expect(seen.page.get_by_role("dialog")).to_contain_text("No stored event carries this id.")
    seen.page.get_by_role("button", name="Close").click()
    expect(seen.page.get_by_role("dialog")).to_be_hidden()
    expect(seen.page).not_to_have_url(re.compile("id="))


def test_slowest_failed_and_recent(node: Daemon, visit: Open) -> None:
    """Three questions on the same range and filters."""
    seen = visit(node.url + "/#operations?range=6h&backend=s3&sort=slowest")
    rows = seen.page.locator("#operations tbody tr")
    expect(rows.first).to_contain_text(STORY)
    seen.page.get_by_role("radio", name="Failed").check()
    expect(rows).to_have_count(13)
    expect(seen.page.locator("#operations [role=status]").first).to_contain_text("13 operations, the last failed first")
    assert "sort=failed" in seen.page.url
    seen.page.get_by_role("radio", name="Recent").check()
    expect(rows).to_have_count(50)
    seen.page.get_by_label("At most").select_option("200")
    expect(rows).to_have_count(50)
    seen.page.get_by_role("button", name="Show all 61").click()
    expect(rows).to_have_count(61)


def test_a_table_sorts_by_any_column(node: Daemon, visit: Open) -> None:
    """The heading says by which and which way, and the address keeps it."""
    seen = visit(node.url + "/#operations?range=6h&backend=s3&sort=failed")
    rows = seen.page.locator("#operations tbody tr")
    expect(rows).to_have_count(13)
    latency = seen.page.locator("#operations").get_by_role("columnheader", name="Latency")
    latency.get_by_role("button").click()
    expect(latency).to_have_attribute("aria-sort", "descending")
    expect(rows.first).to_contain_text(STORY)
    latency.get_by_role("button").click()
    expect(rows.last).to_contain_text(STORY)
    seen.page.reload()
    expect(latency).to_have_attribute("aria-sort", "ascending")
    expect(rows.last).to_contain_text(STORY)
