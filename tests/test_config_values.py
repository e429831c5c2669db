"""What settings accept, and how text becomes their values."""

from __future__ import annotations

import pytest

from telemetryd.config_sources import SETTINGS
from telemetryd.config_values import accepts, described, expectation, from_text, nearest


@pytest.mark.parametrize("name", SETTINGS)
def test_every_default_is_accepted(name: str) -> None:
    """Every setting accepts its own default."""
    assert accepts(SETTINGS[name], SETTINGS[name].default)


@pytest.mark.parametrize("name", [name for name, setting in SETTINGS.items() if setting.kind is int])
def test_whole_numbers_have_both_bounds(name: str) -> None:
    """A whole number is accepted at its bounds and refused one beyond either."""
    setting = SETTINGS[name]
    assert setting.minimum is not None and setting.maximum is not None
    low, high = int(setting.minimum), int(setting.maximum)
    assert accepts(setting, low) and accepts(setting, high)
    assert not accepts(setting, low - 1) and not accepts(setting, high + 1)
    assert str(high) in expectation(setting)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("telemetry.retention_days", True),
        ("telemetry.retention_days", 7.0),
        ("telemetry.retention_days", "7"),
        ("telemetry.retention_days", None),
        ("telemetry.enabled", 1),
        ("telemetry.enabled", "true"),
        ("telemetry.sampling_interval", 7),
        ("telemetry.sampling_interval", 3601),
        ("telemetry.metrics_path", ""),
        ("telemetry.metrics_path", "   "),
        ("telemetry.metrics_path", "/data/\0"),
        ("telemetry.metrics_path", "/data/\ud800"),
        ("telemetry.metrics_path", "/" + "x" * 5000),
        ("telemetry.metrics_path", ["/data"]),
        ("ingest.socket", "/run/" + "x" * 200),
        ("http.listen", "8000"),
        ("http.listen", "localhost:99999"),
        ("http.listen", "unix:"),
        ("http.allowed_hosts", ["http://node.example"]),
        ("http.allowed_hosts", ["node.example:80"]),
        ("http.allowed_hosts", ["*.example.com"]),
        ("log.level", "INFO"),
        ("log.level", ""),
        ("log.format", "xml"),
    ],
)
def test_wrong_values_are_refused(name: str, value: object) -> None:
    """A value of another type, beyond a bound, or against a rule is refused."""
    assert not accepts(SETTINGS[name], value)


@pytest.mark.parametrize("interval", [1, 2, 5, 10, 60, 900, 1800, 3600])
def test_sampling_interval_divides_the_hour(interval: int) -> None:
    """An interval that divides the hour is accepted."""
    assert accepts(SETTINGS["telemetry.sampling_interval"], interval)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("telemetry.enabled", "true", True),
        ("telemetry.enabled", "No", False),
        ("telemetry.enabled", "1", True),
        ("telemetry.enabled", " off ", False),
        ("telemetry.enabled", "maybe", "maybe"),
        ("telemetry.retention_days", "7", 7),
        ("telemetry.retention_days", " +7 ", 7),
        ("telemetry.retention_days", "7.5", "7.5"),
        ("telemetry.retention_days", "1_0", "1_0"),
        ("telemetry.retention_days", "9" * 5000, "9" * 5000),
        ("telemetry.metrics_path", "7", "7"),
        ("ingest.allowed_users", "root, 1000 ,", ("root", "1000")),
        ("ingest.allowed_users", "", ()),
        ("ingest.allowed_users", " , ", " , "),
    ],
)
def test_text_becomes_a_value(name: str, text: str, value: object) -> None:
    """Text that says a value becomes it; other text stays, to be shown in the mistake."""
    assert from_text(SETTINGS[name], text) == value


def test_names_and_addresses_are_hosts() -> None:
    """As clients may call the daemon, and any at all."""
    assert accepts(SETTINGS["http.allowed_hosts"], ["node-1.example", "node", "10.0.0.1", "::1", "[fe80::1]", "*"])


def test_descriptions_are_short() -> None:
    """However long a wrong value is, a sentence shows little of it."""
    assert len(described("x" * 10_000)) < 100
    assert len(described({"a": ["x" * 10_000] * 1000})) < 200


def test_a_misspelt_name_is_answered_with_the_nearest() -> None:
    """A near miss names what was meant; a far one nothing."""
    assert nearest("retention_day", ["retention_days", "enabled"]) == "; did you mean retention_days?"
    assert nearest("zzz", ["retention_days", "enabled"]) == ""
