"""A dashboard that asks who is there, in a real browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.end_to_end.daemon import Daemon

from .tokens import OPERATOR, READER
from .visit import Visit

Open = Callable[..., Visit]


def sign_in(seen: Visit, token: str) -> None:
    """Type a token into the dialog that has the focus."""
    field = seen.page.get_by_role("textbox", name="Token")
    expect(field).to_be_focused()
    field.fill(token)
    seen.page.get_by_role("button", name="Sign in").last.click()


def test_a_token_opens_the_dashboard(guarded_node: Daemon, visit: Open) -> None:
    """The stream, the figures and a chart in a window of its own: none of which can send a token itself."""
    seen = visit(guarded_node.url + "/")
    seen.expected = ("401",)
    sign_in(seen, "another token, mistyped")
    expect(seen.page.locator("#token-error")).to_contain_text("no spaces")
    sign_in(seen, "not-a-token-of-this-daemon")
    expect(seen.page.locator("#token-error")).to_have_text("The daemon does not know this token.")
    sign_in(seen, READER)
    expect(seen.page.locator("#who")).to_contain_text("reader (read)")
    seen.expect_live()
    seen.page.goto(guarded_node.url + "/#history?range=6h")
    card = seen.page.locator("[data-metric=operation_count]")
    card.scroll_into_view_if_needed()
    expect(card).to_have_attribute("data-state", "drawn")
    with seen.page.expect_popup() as opened:
        card.get_by_role("link", name="HTML").click()
    expect(opened.value.locator("#chart .plotly").first).to_be_visible()
    cookies = seen.page.context.cookies()
    assert [(cookie["httpOnly"], cookie["sameSite"]) for cookie in cookies] == [(True, "Strict")]
    assert READER not in str(seen.page.context.storage_state())


def test_who_may_read_changes_nothing(guarded_node: Daemon, visit: Open) -> None:
    """The daemon's sentence stands where the change would have been; an operator may."""
    seen = visit(guarded_node.url + "/#settings")
    seen.expected = ("401", "403")
    sign_in(seen, READER)
    seen.page.get_by_label("Retention").fill("14")
    seen.page.get_by_role("button", name="Save").click()
    expect(seen.page.locator("#settings .notice")).to_contain_text("expected a token with the role admin")
    seen.page.get_by_role("button", name="Sign out").click()
    sign_in(seen, OPERATOR)
    seen.page.get_by_label("Retention").fill("14")
    seen.page.get_by_role("button", name="Save").click()
    expect(seen.page.get_by_text("Saved.")).to_be_visible()


def test_a_dialog_that_was_closed_stays_so(guarded_node: Daemon, visit: Open) -> None:
    """A button brings it back."""
    seen = visit(guarded_node.url + "/#operations")
    seen.expected = ("401",)
    expect(seen.page.get_by_role("textbox", name="Token")).to_be_focused()
    seen.page.keyboard.press("Escape")
    seen.page.get_by_role("link", name="History").click()
    seen.page.get_by_role("button", name="Sign in").click()
    expect(seen.page.get_by_role("textbox", name="Token")).to_be_focused()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everybody_can_sign_in(guarded_node: Daemon, visit: Open, axe: str, theme: str) -> None:
    """Axe finds no serious fault, before and after, and a phone is wide enough."""
    seen = visit(guarded_node.url, color_scheme=theme, bypass_csp=True, viewport={"width": 360, "height": 740})
    seen.expected = ("401",)
    expect(seen.page.get_by_role("textbox", name="Token")).to_be_focused()
    seen.page.evaluate(axe)
    assert not seen.faults()
    sign_in(seen, READER)
    seen.expect_live()
    seen.page.evaluate(axe)
    assert not seen.faults()
    wide, room = seen.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide <= room


def test_nobody_is_asked_where_there_are_no_tokens(quiet_node: Daemon, visit: Open) -> None:
    """And nothing says who is there."""
    seen = visit(quiet_node.url + "/")
    seen.expect_live()
    expect(seen.page.locator("#who")).to_be_hidden()
    expect(seen.page.locator("#signin")).to_be_hidden()
