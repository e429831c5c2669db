"""Which value wins, and what POST /config makes of the configuration."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from telemetryd.config import Configuration, load
from telemetryd.config_update import API_KEYS, RESTART_WARNING
from telemetryd.model.errors import InvalidParameter, SettingsError, StorageError
from telemetryd.model.settings import Settings


def environment(folder: Path, **more: str) -> dict[str, str]:
    return {"HOME": str(folder), "IPFS_KIT_TELEMETRY_PATH": str(folder / "data"), **more}


def loaded(folder: Path, **more: str) -> Configuration:
    return load({}, environment(folder, **more))


def test_defaults_are_those_of_the_settings(tmp_path: Path) -> None:
    """With nothing given every value is the default, its paths absolute."""
    configuration = load({}, {"HOME": str(tmp_path)})
    settings, default = configuration.settings, Settings()
    assert settings.telemetry.metrics_path == f"{tmp_path}/.ipfs_kit/telemetry"
    assert settings.telemetry.reports_path == f"{tmp_path}/.ipfs_kit/reports"
    assert settings.ingest.socket == f"{tmp_path}/.ipfs_kit/telemetryd.sock"
    assert (settings.http, settings.live, settings.storage, settings.query) == (
        default.http,
        default.live,
        default.storage,
        default.query,
    )
    assert {str(source) for source in configuration.sources.values()} == {"default"}
    assert configuration.config()["metrics_path"] == "~/.ipfs_kit/telemetry"


def test_flag_beats_environment_beats_stored_beats_file_beats_default(tmp_path: Path) -> None:
    """Each source wins over those after it, and is named."""
    file = tmp_path / "telemetryd.toml"
    file.write_text(
        "[telemetry]\nretention_days = 1\nsampling_interval = 10\nenabled = false\n[http]\nlisten = 'localhost:1'\n[query]\ntimeout = 5\n"
    )
    environ = environment(tmp_path, TELEMETRYD_HTTP_LISTEN="localhost:2", IPFS_KIT_TELEMETRY_RETENTION="2")
    load({}, environ, file).update({"retention_days": 3, "sampling_interval": 20})
    configuration = load({"http.listen": ("--http", "localhost:3")}, environ, file)
    telemetry = configuration.settings.telemetry
    assert configuration.settings.http.listen == "localhost:3"
    assert telemetry.retention_days == 2
    assert telemetry.sampling_interval == 20
    assert telemetry.enabled is False
    assert configuration.settings.query.timeout == 5
    assert configuration.settings.query.concurrency == 2
    kinds = {name: source.kind for name, source in configuration.sources.items()}
    assert kinds["http.listen"] == "flag"
    assert kinds["telemetry.retention_days"] == "environment"
    assert kinds["telemetry.sampling_interval"] == "stored"
    assert kinds["telemetry.enabled"] == "file"
    assert kinds["query.concurrency"] == "default"


def test_all_mistakes_come_together(tmp_path: Path) -> None:
    """Mistakes of flags, environment and file are told at once, also of values that another source overrides."""
    file = tmp_path / "telemetryd.toml"
    file.write_text("[http]\nlisten = 'x'\n")
    with pytest.raises(SettingsError) as caught:
        load({"http.listen": ("--http", "y")}, {"IPFS_KIT_TELEMETRY_RETENTION": "z"}, file)
    assert len(caught.value.mistakes) == 3


def test_paths_become_absolute(tmp_path: Path) -> None:
    """A home shortcut and a relative path become absolute; a Unix listener's path too."""
    environ = {
        "HOME": str(tmp_path),
        "IPFS_KIT_TELEMETRY_PATH": "relative/data",
        "TELEMETRYD_HTTP_LISTEN": "unix:~/api.sock",
    }
    configuration = load({}, environ)
    assert configuration.settings.telemetry.metrics_path == os.path.abspath("relative/data")
    assert configuration.config()["metrics_path"] == os.path.abspath("relative/data")
    assert configuration.settings.http.listen == f"unix:{tmp_path}/api.sock"


def test_the_socket_lies_in_the_runtime_folder(tmp_path: Path) -> None:
    """Without a setting the socket is in the user's runtime folder, or left to systemd's where that passes one."""
    assert (
        loaded(tmp_path, XDG_RUNTIME_DIR="/run/user/1").settings.ingest.socket == "/run/user/1/telemetryd/ingest.sock"
    )
    passed = {"XDG_RUNTIME_DIR": "/run/user/1", "LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
    assert loaded(tmp_path, **passed).settings.ingest.socket == ""
    assert loaded(tmp_path, **passed, TELEMETRYD_INGEST_SOCKET="/s").settings.ingest.socket == "/s"


def test_the_socket_is_the_daemons_own_where_systemd_passes_that_of_the_api_alone(tmp_path: Path) -> None:
    """Or none at all."""
    passed = {"XDG_RUNTIME_DIR": "/run/user/1", "LISTEN_PID": str(os.getpid())}
    own = "/run/user/1/telemetryd/ingest.sock"
    assert loaded(tmp_path, **passed).settings.ingest.socket == own
    assert loaded(tmp_path, **passed, LISTEN_FDS="1", LISTEN_FDNAMES="http").settings.ingest.socket == own
    both = {**passed, "LISTEN_FDS": "2", "LISTEN_FDNAMES": "http:ingest"}
    assert loaded(tmp_path, **both).settings.ingest.socket == ""


def test_an_update_holds_at_once_and_after_a_restart(tmp_path: Path) -> None:
    """A live setting is in force in the new configuration and in one loaded later; the old one is untouched."""
    before = loaded(tmp_path)
    after = before.update({"retention_days": 7, "enabled": False})
    assert before.settings.telemetry.retention_days == 30
    for configuration in (after, loaded(tmp_path)):
        assert configuration.settings.telemetry.retention_days == 7
        assert configuration.settings.telemetry.enabled is False
        assert configuration.config()["retention_days"] == 7
        assert configuration.sources["telemetry.enabled"].kind == "stored"
    assert after.update({"retention_days": 8}).settings.telemetry.enabled is False


def test_restart_settings_wait(tmp_path: Path) -> None:
    """A setting that changes at restart is stored and shown, and holds from the next start."""
    environ = {"HOME": str(tmp_path)}
    before = load({}, environ)
    changes = {"metrics_path": "~/elsewhere", "operation_hooks": False}
    after = before.update(changes)
    assert after.settings == before.settings
    assert after.warnings(changes) == [RESTART_WARNING]
    assert after.config()["metrics_path"] == "~/elsewhere"
    assert after.pending_restart() == {
        "metrics_path": {"in_force": "~/.ipfs_kit/telemetry", "at_restart": "~/elsewhere"},
        "operation_hooks": {"in_force": True, "at_restart": False},
    }
    restarted = load({}, environ)
    assert restarted.settings.telemetry.metrics_path == f"{tmp_path}/elsewhere"
    assert restarted.settings.telemetry.operation_hooks is False
    assert restarted.pending_restart() == {}
    assert restarted.stored_path == before.stored_path, "the next change must be found by the start after it"
    back = restarted.update({"metrics_path": "~/.ipfs_kit/telemetry"})
    assert load({}, environ).settings.telemetry.metrics_path == f"{tmp_path}/.ipfs_kit/telemetry"
    assert back.settings.telemetry.metrics_path == f"{tmp_path}/elsewhere"


def test_pinned_settings_stay(tmp_path: Path) -> None:
    """A setting that the environment sets is stored, does not change, and the warning says why."""
    pinned = loaded(tmp_path, IPFS_KIT_TELEMETRY_RETENTION="5")
    after = pinned.update({"retention_days": 9})
    assert after.settings.telemetry.retention_days == 5
    assert after.config()["retention_days"] == 5
    (warning,) = after.warnings({"retention_days": 9})
    assert (
        warning == "retention_days is stored but does not hold: it is set by environment IPFS_KIT_TELEMETRY_RETENTION"
    )
    assert loaded(tmp_path).settings.telemetry.retention_days == 9


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("retention_days", 0),
        ("retention_days", 3651),
        ("retention_days", True),
        ("retention_days", 7.0),
        ("retention_days", "7"),
        ("retention_days", None),
        ("sampling_interval", 7),
        ("sampling_interval", 0),
        ("enabled", "yes"),
        ("enabled", 1),
        ("enable_detailed_timing", []),
        ("operation_hooks", {}),
        ("metrics_path", ""),
        ("metrics_path", "relative"),
        ("metrics_path", "~nobody/data"),
        ("metrics_path", "/dev/null"),
        ("metrics_path", "/dev/null/data"),
        ("metrics_path", "/" + "x/" * 2000 + "\0"),
        ("metrics_path", 5),
        ("reports_path", "/reports"),
        ("http.listen", "a:1"),
        ("", True),
    ],
)
def test_a_wrong_update_changes_nothing(tmp_path: Path, key: str, value: object) -> None:
    """A wrong key or value is named, and nothing of the same update is stored."""
    configuration = loaded(tmp_path)
    with pytest.raises(InvalidParameter) as caught:
        configuration.update({"enabled": False, key: value})
    assert caught.value.name == key
    assert not configuration.stored_path.exists()
    assert loaded(tmp_path).settings.telemetry.enabled is True


def test_an_unknown_key_is_answered_with_the_nearest(tmp_path: Path) -> None:
    """The sentence on a misspelt key names all keys and the one that was meant."""
    with pytest.raises(InvalidParameter, match=r"did you mean retention_days\?") as caught:
        loaded(tmp_path).update({"retention_day": 7})
    assert all(key in str(caught.value) for key in API_KEYS)


def test_what_cannot_be_stored_does_not_hold(tmp_path: Path) -> None:
    """Where the folder cannot be written the update fails whole, with a sentence naming the file."""
    (tmp_path / "data").write_text("a file where the folder should be")
    configuration = loaded(tmp_path)
    with pytest.raises(StorageError, match=r"data/settings\.json"):
        configuration.update({"enabled": False})
    assert configuration.settings.telemetry.enabled is True


def test_the_stored_file_is_plain_json(tmp_path: Path) -> None:
    """What is stored can be read without this project, and no temporary file stays."""
    configuration = loaded(tmp_path).update({"retention_days": 7})
    assert json.loads(configuration.stored_path.read_text()) == {
        "format": 2,
        "telemetry": {"retention_days": 7},
        "crc32": "d8234e65",
    }
    assert [path.name for path in configuration.stored_path.parent.iterdir()] == ["settings.json"]


def test_a_folder_in_place_of_the_stored_file_is_set_aside_when_something_is_stored(tmp_path: Path) -> None:
    """It is damage until then; storing is possible, and what was there is kept."""
    configuration = loaded(tmp_path)
    configuration.stored_path.mkdir(parents=True)
    damaged = loaded(tmp_path)
    assert damaged.damaged
    assert not damaged.update({"retention_days": 7}).damaged
    assert json.loads(configuration.stored_path.read_text())["telemetry"] == {"retention_days": 7}
    assert (configuration.stored_path.parent / "quarantine" / "settings.json").is_dir()
