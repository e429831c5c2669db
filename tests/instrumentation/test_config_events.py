"""What is said of settings, besides what ``test_events`` says of every kind."""

from __future__ import annotations

from telemetryd.instrumentation import config_events as events


def test_only_what_someone_has_to_look_at_asks_for_attention() -> None:
    """A change that holds is news; one that waits is a warning; a mistake is an error."""
    assert events.SettingChanged.level == events.Reloaded.level == "info"
    assert events.SettingWaits.level == "warning"
    assert events.SettingWrong.level == events.ReloadRefused.level == events.SettingsDamaged.level == "error"
