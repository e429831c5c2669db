"""The command line: what it prints, and what it exits with."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from telemetryd import __version__
from telemetryd.cli import BAD_SETTING, DONE, main
from telemetryd.config_sources import SETTINGS


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path), "IPFS_KIT_TELEMETRY_PATH": str(tmp_path / "data")}


def test_check_config_shows_every_setting_with_its_source(
    environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """One line a setting: its name, the value in force, where it comes from."""
    assert main(["check-config"], environ) == DONE
    *lines, last = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(SETTINGS)
    assert re.fullmatch(r"# configuration [0-9a-f]{12}", last)
    assert f'= "{environ["IPFS_KIT_TELEMETRY_PATH"]}"' in lines[1]
    assert lines[1].endswith("# environment IPFS_KIT_TELEMETRY_PATH")
    assert lines[0].split() == ["telemetry.enabled", "=", "true", "#", "default"]


def test_check_config_as_json(environ: dict[str, str], capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The same as data, for programs."""
    file = tmp_path / "t.toml"
    file.write_text("[telemetry]\nretention_days = 7\n")
    assert main(["check-config", "--json", "--config", str(file)], environ) == DONE
    found = json.loads(capsys.readouterr().out)
    assert set(found["settings"]) == set(SETTINGS)
    assert found["settings"]["telemetry.retention_days"] == {
        "value": 7,
        "source": "file",
        "place": str(file),
        "changes": "at once",
    }
    assert found["stored_settings"] == f"{environ['IPFS_KIT_TELEMETRY_PATH']}/settings.json"
    assert found["notices"] == []
    assert main(["check-config", "--config", str(file)], environ) == DONE
    assert capsys.readouterr().out.splitlines()[-1] == f"# configuration {found['configuration']}"


def test_check_config_takes_the_flags_of_serve(environ: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """What a unit's command line would come to is seen, and refused, before it is tried."""
    assert (
        main(["check-config", "--http", "127.0.0.1:9", "--socket", "/run/s", "--metrics-path", "/data"], environ)
        == DONE
    )
    told = capsys.readouterr().out
    assert re.search(r'^http\.listen += "127\.0\.0\.1:9" +# flag --http$', told, re.MULTILINE)
    assert re.search(r'^telemetry\.metrics_path += "/data" +# flag --metrics-path$', told, re.MULTILINE)
    assert main(["check-config", "--http", "0.0.0.0:9"], environ) == BAD_SETTING
    assert "http.allow_anonymous_network" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["check-config", "serve"])
def test_mistakes_exit_with_2(
    command: str, environ: dict[str, str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Every mistake is one line on stderr that names setting and source; nothing starts."""
    file = tmp_path / "t.toml"
    file.write_text("[telemetry]\nretention_days = 0\nsampling_intervall = 60\n")
    assert main([command, "--config", str(file)], environ | {"IPFS_KIT_TELEMETRY_HOOKS": "perhaps"}) == BAD_SETTING
    out, err = capsys.readouterr()
    assert not out
    lines = err.splitlines()
    assert len(lines) == 3
    assert (
        lines[0]
        == "telemetry.operation_hooks: expected true or false, found 'perhaps' (environment IPFS_KIT_TELEMETRY_HOOKS)"
    )
    assert "did you mean telemetry.sampling_interval?" in lines[1]
    assert (
        lines[2] == f"telemetry.retention_days: expected a whole number of days from 1 to 3650, found 0 (file {file})"
    )


@pytest.mark.parametrize("command", ["check-config", "serve"])
def test_what_settings_name_has_to_be_there(
    command: str, environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """All that is not is told, before anything starts, as any other mistake."""
    wrong = {"TELEMETRYD_HTTP_TOKENS": "/nonexistent", "TELEMETRYD_INGEST_SOCKET_GROUP": "nosuch"}
    assert main([command], environ | wrong) == BAD_SETTING
    out, err = capsys.readouterr()
    assert not out
    assert [line.partition(":")[0] for line in err.splitlines()] == ["http.tokens", "ingest.socket_group"]
    assert not Path(environ["IPFS_KIT_TELEMETRY_PATH"]).exists()


def test_wrong_flags_are_named(environ: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """A flag's mistake names the setting and the flag."""
    assert main(["serve", "--http", "nowhere", "--metrics-path", ""], environ) == BAD_SETTING
    err = capsys.readouterr().err
    assert "(flag --http)" in err and "(flag --metrics-path)" in err


def test_mistakes_as_json(environ: dict[str, str], capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """With --json the mistakes are on stdout as data, too."""
    assert main(["check-config", "--json", "--config", str(tmp_path / "missing")], environ) == BAD_SETTING
    out, err = capsys.readouterr()
    assert json.loads(out)["mistakes"] == err.splitlines()


def test_damaged_stored_settings_are_told(
    environ: dict[str, str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A stored file that cannot be read is a line on stderr and no mistake; checking leaves it where it is."""
    (tmp_path / "data").mkdir()
    stored = tmp_path / "data" / "settings.json"
    stored.write_text("{")
    assert main(["check-config"], environ) == DONE
    assert capsys.readouterr().err.startswith("stored settings: expected JSON")
    assert stored.read_text() == "{"


def test_version(environ: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """The versions of the program, the protocol and the formats, as text and as data."""
    assert main(["version"], environ) == DONE
    text = capsys.readouterr().out
    assert text.startswith(f"telemetryd {__version__}\n")
    assert main(["version", "--json"], environ) == DONE
    found = json.loads(capsys.readouterr().out)
    assert found["telemetryd"] == __version__
    assert found["ingest_protocol"] == 1
    assert [f"{name} {value}" for name, value in found.items()] == text.splitlines()


@pytest.mark.parametrize(
    "arguments", [[], ["nonsense"], ["serve", "--htp", "x"], ["serve", "--conf", "x"], ["version", "extra"]]
)
def test_wrong_usage_exits_with_2(
    arguments: list[str], environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """A command or flag that does not exist is answered with the usage."""
    with pytest.raises(SystemExit) as caught:
        main(arguments, environ)
    assert caught.value.code == 2
    assert "usage: telemetryd" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--help"], ["serve", "--help"], ["check-config", "--help"]])
def test_help_has_examples(arguments: list[str], environ: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """The help of the program and of its commands shows what to type."""
    with pytest.raises(SystemExit) as caught:
        main(arguments, environ)
    assert caught.value.code == 0
    out = capsys.readouterr().out
    assert "examples:\n  telemetryd " in out


def test_checking_loads_no_heavy_library(environ: dict[str, str]) -> None:
    """Checking settings costs neither the HTTP server nor the numbers."""
    program = "import sys; from telemetryd.cli import main; main(['check-config']); print(*{'aiohttp', 'numpy', 'pyarrow', 'structlog'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environ | {"PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == ""
