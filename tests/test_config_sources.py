"""What each source of settings says, and the mistakes in it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from telemetryd.config_sources import (
    SETTINGS,
    Given,
    Source,
    read_environment,
    read_file,
    read_flags,
    read_stored,
    stored_bytes,
)
from telemetryd.storage.files import Files
from tests.damage import ODD, put_odd
from tests.disk.faults import FailingFiles, Fault, Faults


def test_seed_variables_keep_their_names() -> None:
    """The five variables of the seed set the five settings of the seed."""
    layer, mistakes = read_environment(
        {
            "IPFS_KIT_TELEMETRY_PATH": "/data",
            "IPFS_KIT_TELEMETRY_RETENTION": "7",
            "IPFS_KIT_TELEMETRY_INTERVAL": "10",
            "IPFS_KIT_TELEMETRY_DETAILED": "false",
            "IPFS_KIT_TELEMETRY_HOOKS": "no",
        }
    )
    assert not mistakes
    assert {name: given.value for name, given in layer.items()} == {
        "telemetry.metrics_path": "/data",
        "telemetry.retention_days": 7,
        "telemetry.sampling_interval": 10,
        "telemetry.enable_detailed_timing": False,
        "telemetry.operation_hooks": False,
    }
    assert str(layer["telemetry.metrics_path"].source) == "environment IPFS_KIT_TELEMETRY_PATH"


def test_every_setting_has_a_variable() -> None:
    """Every setting can be set by its environment variable."""
    words = {bool: "true", int: "60", str: "/data", tuple: "one, two"}
    environ = {each.environment: each.choices[-1] if each.choices else words[each.kind] for each in SETTINGS.values()}
    environ |= {
        setting.environment: str(int(setting.minimum)) for setting in SETTINGS.values() if setting.minimum is not None
    }
    environ["TELEMETRYD_HTTP_LISTEN"] = "unix:/run/api.sock"
    environ |= {f"TELEMETRYD_{section}_SOCKET_MODE": "0660" for section in ("INGEST", "HTTP")}
    layer, mistakes = read_environment(environ)
    assert not mistakes
    assert set(layer) == set(SETTINGS)


def test_variables_of_others_are_left_alone() -> None:
    """Variables that are not ours, and empty ones, say nothing."""
    assert read_environment(
        {"PATH": "/bin", "TELEMETRYD_VENV": "x", "IPFS_KIT_OTHER": "y", "TELEMETRYD_HTTP_LISTEN": ""}
    ) == ({}, [])


def test_misnamed_variables_are_mistakes() -> None:
    """A variable that looks like a setting's names the setting it is near."""
    _, mistakes = read_environment({"TELEMETRYD_HTTP_LISTN": ":1", "TELEMETRYD_TELEMETRY_RETENTION_DAYS": "7"})
    assert "did you mean TELEMETRYD_HTTP_LISTEN?" in mistakes[0]
    assert "did you mean IPFS_KIT_TELEMETRY_RETENTION?" in mistakes[1]


def test_a_variable_of_no_section_is_a_mistake_too() -> None:
    """Whatever begins like ours was meant for us; the nearest name is told where there is one."""
    _, mistakes = read_environment({"TELEMETRYD_HTP_LISTEN": ":1", "TELEMETRYD_BOGUS": "7", "TELEMETRYD_CONFIG": "x"})
    assert [mistake.partition(":")[0] for mistake in mistakes] == [
        "TELEMETRYD_BOGUS",
        "TELEMETRYD_CONFIG",
        "TELEMETRYD_HTP_LISTEN",
    ]
    assert "did you mean TELEMETRYD_HTTP_LISTEN?" in mistakes[2]
    assert "did you mean" not in mistakes[0], "what all names begin with makes none of them near"


@pytest.mark.parametrize(
    "variable",
    [
        "TELEMETRYD_VENV",
        "TELEMETRYD_SERVICE_HOST",
        "TELEMETRYD_SERVICE_PORT",
        "TELEMETRYD_SERVICE_PORT_API",
        "TELEMETRYD_PORT",
        "TELEMETRYD_PORT_8000_TCP_ADDR",
    ],
)
def test_what_begins_like_ours_and_is_of_others_is_left_alone(variable: str) -> None:
    """The virtual environment of scripts/, and what Kubernetes sets beside a service called telemetryd."""
    assert read_environment({variable: "x"}) == ({}, [])


def test_wrong_values_name_setting_and_source() -> None:
    """A mistake names the setting, what was expected, what was found and where."""
    _, (mistake,) = read_environment({"IPFS_KIT_TELEMETRY_INTERVAL": "7"})
    assert mistake == (
        "telemetry.sampling_interval: expected a whole number of s that divides 3600, found 7 (environment IPFS_KIT_TELEMETRY_INTERVAL)"
    )
    _, (mistake,) = read_flags({"http.listen": ("--http", "nowhere")})
    assert mistake.startswith("http.listen: expected HOST:PORT") and mistake.endswith("found 'nowhere' (flag --http)")


def test_the_file_is_toml_by_section(tmp_path: Path) -> None:
    """A file's sections and keys are settings, strictly typed."""
    path = tmp_path / "telemetryd.toml"
    path.write_text('[telemetry]\nretention_days = 7\n[http]\nlisten = "0.0.0.0:80"\n')
    layer, mistakes = read_file(path)
    assert not mistakes
    assert layer == {
        "telemetry.retention_days": Given(7, Source("file", str(path))),
        "http.listen": Given("0.0.0.0:80", Source("file", str(path))),
    }


def test_every_mistake_of_a_file_is_told(tmp_path: Path) -> None:
    """All mistakes of a file come at once, unknown names with the nearest known one."""
    path = tmp_path / "telemetryd.toml"
    path.write_text(
        'ingest = 3\n[telemetri]\n[telemetry]\nretention_day = 7\nenabled = "true"\nsampling_interval = 60.0\n'
    )
    layer, mistakes = read_file(path)
    assert not layer
    assert len(mistakes) == 5
    text = "\n".join(mistakes)
    assert "ingest: expected a section, found 3" in text
    assert "did you mean telemetry?" in text
    assert "did you mean telemetry.retention_days?" in text
    assert "telemetry.enabled: expected true or false, found 'true'" in text
    assert "telemetry.sampling_interval" in text
    assert all(str(path) in mistake for mistake in mistakes)


def test_a_file_that_cannot_be_read_is_one_mistake(tmp_path: Path) -> None:
    """A file that is missing, a folder, or not TOML is one sentence."""
    broken = tmp_path / "broken.toml"
    broken.write_text("[telemetry")
    latin = tmp_path / "latin.toml"
    latin.write_bytes(b"# \xff\n")
    for path in (tmp_path / "missing.toml", tmp_path, broken, latin):
        layer, mistakes = read_file(path)
        assert not layer
        assert len(mistakes) == 1 and str(path) in mistakes[0]


def test_stored_settings_come_back(tmp_path: Path) -> None:
    """What is stored is read back as it was."""
    path = tmp_path / "settings.json"
    source = Source("stored", str(path))
    layer = {"telemetry.enabled": Given(False, source), "telemetry.metrics_path": Given("~/é", source)}
    path.write_bytes(stored_bytes(layer))
    assert read_stored(Files(), path) == (layer, [], True)


def test_nothing_stored_is_nothing_said(tmp_path: Path) -> None:
    """A folder without stored settings, or no folder, gives an empty layer."""
    assert read_stored(Files(), tmp_path / "settings.json") == ({}, [], True)
    assert read_stored(Files(), tmp_path / "missing" / "settings.json") == ({}, [], True)


def test_stored_values_that_are_wrong_are_left_out(tmp_path: Path) -> None:
    """Of the stored settings the right ones hold; each wrong one is told."""
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"format": 1, "telemetry": {"retention_days": 0, "enabled": False, "colour": 1}}))
    layer, notices, readable = read_stored(Files(), path)
    assert set(layer) == {"telemetry.enabled"}
    assert len(notices) == 2 and readable


def test_stored_values_that_cannot_be_read_are_not_taken_for_none(tmp_path: Path) -> None:
    """A disk that fails says nothing of the retention that is stored on it: the file counts as damaged."""
    path = tmp_path / "settings.json"
    path.write_bytes(stored_bytes({}))
    layer, notices, readable = read_stored(FailingFiles(faults=Faults(Fault("read", 1))), path)
    assert (layer, readable) == ({}, False)
    assert notices == [f"stored settings: expected a file that can be read, found {path}: Input/output error"]


def test_stored_bytes_of_any_kind_are_borne(tmp_path: Path) -> None:
    """A stored file that cannot be read gives nothing, one sentence, and the word that it is damaged."""
    path = tmp_path / "settings.json"
    for contents in (
        b"",
        b"{",
        b"\xff\x00",
        b"[]",
        b"null",
        b'{"format": 2}',
        b"[" * 100_000,
        b'{"format": 1, "telemetry": ' + b"9" * 5000 + b"}",
    ):
        path.write_bytes(contents)
        layer, notices, readable = read_stored(Files(), path)
        assert (layer, len(notices), readable) == ({}, 1, False), contents[:20]


def test_no_flipped_bit_ever_gives_other_stored_settings(tmp_path: Path) -> None:
    """Whichever bit it is: what holds is what was stored, or nothing, and then it is said that it is damaged."""
    path = tmp_path / "settings.json"
    source = Source("stored", str(path))
    layer = {"telemetry.enabled": Given(False, source), "telemetry.retention_days": Given(365, source)}
    data = stored_bytes(layer)
    for place in range(len(data)):
        for bit in range(8):
            path.write_bytes(data[:place] + bytes([data[place] ^ (1 << bit)]) + data[place + 1 :])
            assert read_stored(Files(), path)[::2] in ((layer, True), ({}, False)), f"bit {bit} of byte {place}"
    for length in range(len(data) - 1):
        path.write_bytes(data[:length])
        assert read_stored(Files(), path)[::2] in ((layer, True), ({}, False)), f"cut to {length}"


def test_stored_settings_may_be_a_link_to_a_file(tmp_path: Path) -> None:
    """Whoever keeps them elsewhere has them read all the same."""
    (tmp_path / "kept").write_bytes(stored_bytes({"telemetry.retention_days": Given(7, Source("stored", ""))}))
    (tmp_path / "settings.json").symlink_to("kept")
    layer, notices, readable = read_stored(Files(), tmp_path / "settings.json")
    assert (layer["telemetry.retention_days"].value, notices, readable) == (7, [], True)


@pytest.mark.parametrize("kind", ODD)
def test_stored_settings_that_are_no_file_are_damaged(tmp_path: Path, kind: str) -> None:
    """Nobody waits for a pipe or reads a device to its end; what was stored is not taken to be nothing."""
    path = tmp_path / "settings.json"
    put_odd(path, kind)
    layer, notices, readable = read_stored(Files(), path)
    assert (layer, len(notices), readable) == ({}, 1, False)


def test_stored_settings_of_format_1_hold(tmp_path: Path) -> None:
    """They have no checksum."""
    path = tmp_path / "settings.json"
    path.write_text('{"format": 1, "telemetry": {"retention_days": 7}}')
    layer, notices, readable = read_stored(Files(), path)
    assert ({name: given.value for name, given in layer.items()}, notices, readable) == (
        {"telemetry.retention_days": 7},
        [],
        True,
    )
