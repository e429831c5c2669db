"""The settings, in a real browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from telemetryd.model.settings import declared
from tests.end_to_end.daemon import Daemon

from .visit import Visit

Open = Callable[..., Visit]


def test_changes_are_saved(quiet_node: Daemon, visit: Open) -> None:
    """Only what is another than it was is sent, and what waits for a restart says so."""
    seen = visit(quiet_node.url + "/#settings")
    save = seen.page.get_by_role("button", name="Save")
    expect(save).to_be_disabled()
    seen.page.get_by_label("Retention").fill("14")
    seen.page.get_by_label("Open the ingest socket").uncheck()
    with seen.page.expect_request(lambda request: request.method == "POST") as sent:
        save.click()
    assert sent.value.post_data_json == {"retention_days": 14, "operation_hooks": False}
    expect(seen.page.get_by_text("Saved.")).to_be_visible()
    expect(seen.page.locator("#setting-operation_hooks-waiting")).to_have_text(
        "Waits for a restart: in force is on, then off."
    )
    expect(seen.page.locator("#settings .notice")).to_contain_text("cannot be updated without restarting")
    assert quiet_node.get("config")["config"]["retention_days"] == 14
    expect(save).to_be_disabled()


def test_a_mistake_is_told_beside_its_field(quiet_node: Daemon, visit: Open) -> None:
    """By the page where it can know, by the daemon's own sentence where only that can."""
    seen = visit(quiet_node.url + "/#settings")
    seen.expected = ("400",)
    interval = seen.page.get_by_label("Sampling interval")
    interval.fill("7")
    seen.page.get_by_role("button", name="Save").click()
    expect(interval).to_be_focused()
    expect(interval).to_have_attribute("aria-invalid", "true")
    expect(seen.page.locator("#setting-sampling_interval-error")).to_contain_text("divides 3600, found 7")
    seen.page.get_by_role("button", name="Undo the changes").click()
    expect(interval).to_have_value("60")
    path = seen.page.get_by_label("Folder of the data")
    path.fill(f"{quiet_node.folder}/stderr.log")
    seen.page.get_by_role("button", name="Save").click()
    expect(seen.page.locator("#setting-metrics_path-error")).to_contain_text("metrics_path: expected")
    expect(path).to_be_focused()
    assert "pending_restart" not in quiet_node.get("config")


@pytest.mark.parametrize("key", ["retention_days", "sampling_interval"])
def test_bounds_are_those_of_the_daemon(node: Daemon, visit: Open, key: str) -> None:
    """A field takes what the setting takes, and says so."""
    setting = next(each for each in declared() if each.name == f"telemetry.{key}")
    field = visit(node.url + "/#settings").page.locator(f"#setting-{key}")
    expect(field).to_have_attribute("min", f"{setting.minimum:g}")
    expect(field).to_have_attribute("max", f"{setting.maximum:g}")
