"""The live view, in a real browser, while a WAL runs."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

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


def test_a_silent_daemon_is_not_taken_for_a_calm_one(quiet_node: Daemon, visit: Open) -> None:
    """The page says that its numbers are old, and goes on by itself when the daemon is there again."""
    seen = visit(quiet_node.url)
    seen.expected = ("Failed to load resource", "ERR_")
    seen.expect_live()
    nothing = seen.page.locator("#live .columns .empty").first
    expect(nothing).to_have_text("Nothing is in flight, and no operation has ended in the last 5 minutes.")
    port = urlsplit(quiet_node.url).port
    assert quiet_node.stop() == 0
    expect(seen.page.locator(".stream-state")).to_have_text("Stale: no new numbers")
    expect(seen.page.locator(".node-state")).to_have_text("No answer from the daemon")
    expect(seen.page.locator("#live .notice")).to_contain_text("What is shown is from")
    quiet_node.launch("--http", f"127.0.0.1:{port}")
    seen.expect_live()
    expect(seen.page.locator(".node-state")).to_have_text("Ready")
    with Wal(quiet_node.socket):
        expect(seen.tile("throughput")).to_contain_text("ended in the last 5 minutes")
        expect(seen.page.locator("#live tbody th")).to_have_text(["pin"])
