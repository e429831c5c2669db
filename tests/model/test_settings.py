"""Each setting is declared once, whole."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from telemetryd.model.setting import Setting
from telemetryd.model.settings import Settings, declared

ALL = list(declared())
names = pytest.mark.parametrize("setting", ALL, ids=lambda each: each.name)


@names
def test_a_default_keeps_its_own_bounds(setting: Setting) -> None:
    """And has the kind that is asked of others."""
    assert type(setting.default) is setting.kind
    assert not setting.choices or setting.default in setting.choices
    if isinstance(setting.default, int) and setting.minimum is not None and setting.maximum is not None:
        assert setting.minimum <= setting.default <= setting.maximum


@names
def test_a_number_has_bounds_and_everything_has_a_sentence(setting: Setting) -> None:
    """A setting says what it is for, and what it may be."""
    assert setting.description.endswith(".") and setting.description[0].isupper()
    assert (setting.kind is int) == (setting.minimum is not None) == (setting.maximum is not None)
    assert setting.changes == ("at once" if setting.live else "at restart")


@names
def test_a_setting_is_where_its_name_says(setting: Setting) -> None:
    """The section's field of the key holds the default."""
    assert getattr(getattr(Settings(), setting.section), setting.key) == setting.default


def test_names_and_environment_names_are_unique() -> None:
    """One word, one setting."""
    assert len({each.name for each in ALL}) == len({each.environment for each in ALL}) == len(ALL)


def test_the_seeds_environment_names_are_kept() -> None:
    """The others follow from section and key."""
    environment = {each.name: each.environment for each in ALL}
    assert environment["telemetry.metrics_path"] == "IPFS_KIT_TELEMETRY_PATH"
    assert environment["telemetry.retention_days"] == "IPFS_KIT_TELEMETRY_RETENTION"
    assert environment["telemetry.sampling_interval"] == "IPFS_KIT_TELEMETRY_INTERVAL"
    assert environment["telemetry.enable_detailed_timing"] == "IPFS_KIT_TELEMETRY_DETAILED"
    assert environment["telemetry.operation_hooks"] == "IPFS_KIT_TELEMETRY_HOOKS"
    assert environment["http.listen"] == "TELEMETRYD_HTTP_LISTEN"


def test_what_changes_at_once_is_what_the_contract_says() -> None:
    """Besides, what is asked for at each use; never where something is, or what a part was made with."""
    at_once = {each.name for each in ALL if each.live}
    assert {name for name in at_once if name.startswith("telemetry.")} == {
        "telemetry.enabled",
        "telemetry.retention_days",
        "telemetry.sampling_interval",
        "telemetry.enable_detailed_timing",
    }
    assert at_once.isdisjoint({"ingest.socket", "ingest.max_line_bytes", "http.listen", "query.concurrency"})
    assert not any(name.startswith("live.") for name in at_once)


def test_settings_never_change() -> None:
    """New settings are a new value."""
    with pytest.raises(FrozenInstanceError):
        Settings().telemetry.enabled = False  # type: ignore[misc]
