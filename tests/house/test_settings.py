"""The sample file and the README tell every setting, as it is declared."""

from __future__ import annotations

import tomllib

import pytest

from telemetryd.model.setting import Setting
from telemetryd.model.settings import declared

from .source import read, script

SAMPLE = "config/telemetryd.toml"


def test_sample_file_is_what_the_script_prints() -> None:
    """config/telemetryd.toml is up to date: `scripts/sample_config.py > config/telemetryd.toml`."""
    assert read(SAMPLE) == script("sample_config").sample()


def test_sample_file_has_every_default_and_nothing_else() -> None:
    """The sample file is TOML with each setting at its default."""
    found = {
        f"{section}.{key}": value
        for section, content in tomllib.loads(read(SAMPLE)).items()
        for key, value in content.items()
    }
    defaults = {setting.name: setting.default for setting in declared()}
    assert found == {name: list(value) if isinstance(value, tuple) else value for name, value in defaults.items()}


@pytest.mark.parametrize("setting", list(declared()), ids=lambda setting: setting.name)
def test_sample_file_says_what_is_declared(setting: Setting) -> None:
    """The comment above a setting has its meaning, bounds, unit, environment variable, and when it changes."""
    text = read(SAMPLE)
    section = text[text.index(f"[{setting.section}]\n") :]
    above = section[: section.index(f"\n{setting.key} = ")].rpartition("\n\n")[2]
    words = " ".join(line.removeprefix("#").strip() for line in above.splitlines())
    assert setting.description in words
    assert setting.environment in words
    assert f"changes {setting.changes}" in words
    for fact in (setting.minimum, setting.maximum, setting.unit or None):
        assert fact is None or (f"{fact:.0f}" if isinstance(fact, int | float) else fact) in words


def test_readme_table_is_what_the_script_prints() -> None:
    """The README's table is up to date: `scripts/sample_config.py --markdown`."""
    assert script("sample_config").table() in read("README.md")
