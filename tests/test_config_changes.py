"""What is different between configurations."""

from __future__ import annotations

from pathlib import Path

import pytest

from telemetryd.config import Configuration, load
from telemetryd.config_changes import changed, overruled, waiting
from telemetryd.model.errors import SettingsError


def configured(folder: Path, text: str) -> Configuration:
    file = folder / "telemetryd.toml"
    file.write_text(text)
    return load({}, {"HOME": str(folder)}, file)


def test_what_changed_is_told_with_both_values_and_the_source_of_the_new(tmp_path: Path) -> None:
    """One that was given in another place, and is the same, has not changed."""
    before = configured(tmp_path, "[query]\ntimeout = 5\n[reports]\nmax_queue = 3\n[log]\nlevel = 'info'\n")
    (tmp_path / "telemetryd.toml").write_text("[query]\ntimeout = 6\n[http]\nlisten = '127.0.0.1:1'\n")
    after = before.reread()
    place = f"file {tmp_path}/telemetryd.toml"
    assert [(each.name, *each.told) for each in changed(before, after)] == [
        ("query.timeout", "5", "6", place),
        ("reports.max_queue", "3", "8", "default"),
    ]
    assert [(each.name, *each.told) for each in waiting(after)] == [
        ("http.listen", "'127.0.0.1:8000'", "'127.0.0.1:1'", place)
    ]
    assert waiting(before) == []


def test_what_the_file_says_in_vain_is_told_with_what_holds_instead(tmp_path: Path) -> None:
    """Only what it did not say before, and not where it says what holds anyway."""
    file = tmp_path / "telemetryd.toml"
    file.write_text("[query]\ntimeout = 5\nconcurrency = 2\n")
    environ = {"HOME": str(tmp_path), "TELEMETRYD_QUERY_TIMEOUT": "7", "TELEMETRYD_QUERY_CONCURRENCY": "3"}
    before = load({}, environ, file)
    file.write_text("[query]\ntimeout = 6\nconcurrency = 2\n[log]\nlevel = 'debug'\n")
    after = before.reread()
    assert [(each.name, *each.told) for each in overruled(before, after)] == [
        ("query.timeout", "6", "7", "environment TELEMETRYD_QUERY_TIMEOUT")
    ]
    file.write_text("[query]\ntimeout = 7\n")
    assert overruled(after, after.reread()) == []


def test_the_hash_is_of_the_values_in_force(tmp_path: Path) -> None:
    """The same for the same values, wherever they were given and whatever the home folder is; another for others."""
    home = tmp_path / "home"
    home.mkdir()
    default = configured(tmp_path, "")
    assert configured(home, "[log]\nlevel = 'info'\n").digest == default.digest
    assert configured(home, "[log]\nlevel = 'debug'\n").digest != default.digest
    (tmp_path / "telemetryd.toml").write_text("[http]\nlisten = '127.0.0.1:1'\n")
    assert default.reread().digest == default.digest, "it waits for a restart"


def test_the_hash_says_nothing_of_a_socket_that_systemd_passed(tmp_path: Path) -> None:
    """So a daemon's is that of its file, as ``check-config`` has it; the address that it has is in force all the same."""
    file = tmp_path / "telemetryd.toml"
    for text in ("", "[http]\nlisten = '127.0.0.1:1'\n"):
        checked = configured(tmp_path, text)
        listens = {"http.listen": "127.0.0.1:2"}
        served = load({}, {"HOME": str(tmp_path)}, file, listens=listens)
        assert served.digest == checked.digest
        assert served.settings.http.listen == "127.0.0.1:2"
        assert str(served.sources["http.listen"]) == "systemd socket"
        flag = load({"http.listen": ("--http", "127.0.0.1:3")}, {"HOME": str(tmp_path)}, file, listens=listens)
        assert flag.settings.http.listen == "127.0.0.1:2", "what listens already is not to be chosen"
        file.write_text("[query]\ntimeout = 5\n")
        again = served.reread()
        assert again.settings.http.listen == "127.0.0.1:2"
        assert again.digest != served.digest
        assert waiting(again) == []


def test_an_address_of_systemd_that_cannot_be_served_is_a_mistake(tmp_path: Path) -> None:
    """It is named as what it is."""
    with pytest.raises(SettingsError, match=r"http\.listen: .*\(systemd socket\)"):
        load({}, {"HOME": str(tmp_path)}, listens={"http.listen": "nowhere"})
