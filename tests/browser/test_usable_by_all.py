"""Usable by everybody: by axe's rules, on a phone, in the dark, and with the choices one makes once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.end_to_end.daemon import Daemon

from .visit import Visit
from .wal import STORY

Open = Callable[..., Visit]

VIEWS = (
    "live",
    "history?range=6h&backend=s3&metric_type=throughput,backend_health",
    "operations?range=6h&sort=failed",
    f"operations?id={STORY[:5]}%2F1%3Fof%3D5%26it%23%2541",
    "reports",
    "settings",
)
PHONE = {"width": 360, "height": 740}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_no_serious_fault(node: Daemon, visit: Open, axe: str, theme: str) -> None:
    """In any view, in light and in dark."""
    seen = visit(node.url, color_scheme=theme, bypass_csp=True)
    seen.page.evaluate(axe)
    for view in VIEWS:
        seen.page.evaluate("view => { location.hash = view }", view)
        expect_settled(seen, view)
        faults = seen.faults()
        assert not faults, (view, faults)


def test_a_phone_is_wide_enough(node: Daemon, visit: Open) -> None:
    """At 360 pixels nothing but a table scrolls sideways."""
    seen = visit(node.url, viewport=PHONE)
    for view in VIEWS:
        seen.page.evaluate("view => { location.hash = view }", view)
        expect_settled(seen, view)
        wide, room = seen.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert wide <= room, (view, wide)


def test_theme_and_zone_are_kept(node: Daemon, visit: Open) -> None:
    """What is chosen holds after a reload, and times are in the zone that the page says."""
    seen = visit(node.url + f"/#operations?id={STORY[:5]}%2F1%3Fof%3D5%26it%23%2541", timezone_id="Asia/Kolkata")
    first = seen.page.locator(".steps time").first
    utc = first.inner_text()
    seen.page.keyboard.press("Escape")
    seen.page.get_by_label("Theme").select_option("dark")
    seen.page.get_by_label("Times").select_option("local")
    expect(seen.page.locator(".zone-note")).to_have_text("Times in local time (UTC+5:30)")
    seen.page.go_back()
    expect(first).to_be_visible()
    local = first.inner_text()
    minutes = (int(local[:2]) - int(utc[:2])) * 60 + int(local[3:5]) - int(utc[3:5])
    assert minutes % (24 * 60) == 330
    seen.page.reload()
    expect(seen.page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(first).to_have_text(local)


def expect_settled(seen: Visit, view: str) -> None:
    """Wait until a view shows what it is for."""
    name = view.partition("?")[0]
    page = seen.page
    if "id=" in view:
        expect(page.locator(".steps li")).to_have_count(5)
    elif name == "history":
        for metric in ("throughput", "backend_health"):
            card = page.locator(f"[data-metric={metric}]")
            card.scroll_into_view_if_needed()
            expect(card).to_have_attribute("data-state", "drawn")
    elif name == "settings":
        expect(page.get_by_role("button", name="Save")).to_be_visible()
    elif name == "reports":
        expect(page.locator("#reports .empty")).to_have_text("There is no report yet.")
    else:
        expect(page.locator(f"#{name} tbody tr").first).to_be_visible()
