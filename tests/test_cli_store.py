"""``telemetryd fsck`` and ``telemetryd inspect``, as they are run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from telemetryd import cli_store
from telemetryd.cli import main
from telemetryd.storage.files import Files
from telemetryd.storage.folder import Folder
from tests.examine.places import ACTIVE_SEGMENT, HOUR_EVENTS, HOUR_ROLLUP, flip, picture

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a command of telemetryd as a process of its own."""

    def command(*arguments: object, **environ: str) -> subprocess.CompletedProcess[str]:
        environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)}
        words = [sys.executable, "-m", "telemetryd", *map(str, arguments)]
        return subprocess.run(words, env=environment | environ, capture_output=True, text=True, timeout=60, check=False)

    return command


def test_a_clean_store(run: Run, store: Path) -> None:
    """Exit code 0, the last line says so; found by flag, by environment, or in the settings file."""
    told = run("fsck", "--metrics-path", store)
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.splitlines()[-1] == "clean"
    assert run("fsck", IPFS_KIT_TELEMETRY_PATH=str(store)).stdout == told.stdout
    file = store.parent / "t.toml"
    file.write_text(f'[telemetry]\nmetrics_path = "{store}"\n')
    assert run("fsck", "--config", file).stdout == told.stdout


def test_damage_and_repair(run: Run, store: Path) -> None:
    """Exit code 1 with damage, 1 where it was just mended, 0 from then on."""
    flip(store / HOUR_ROLLUP)
    before = picture(store)
    found = run("fsck", "--metrics-path", store)
    assert found.returncode == 1
    assert HOUR_ROLLUP in found.stdout
    assert picture(store) == before
    assert run("fsck", "--repair", "--metrics-path", store).returncode == 1
    clean = run("fsck", "--json", "--metrics-path", store)
    assert clean.returncode == 0
    assert json.loads(clean.stdout)["quarantine"] == [f"quarantine/{HOUR_ROLLUP}"]


def test_a_store_in_use_is_reported_and_not_mended(run: Run, store: Path) -> None:
    """It says by which process."""
    with Folder(Files(), str(store)).locked():
        told = run("fsck", "--json", "--metrics-path", store)
        assert (told.returncode, json.loads(told.stdout)["in_use_by_process"]) == (0, str(os.getpid()))
        refused = run("fsck", "--repair", "--metrics-path", store)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == f"{store}: expected a folder of our own, found it in use by process {os.getpid()}\n"


@pytest.mark.parametrize("repair", [[], ["--repair"]])
def test_no_store_is_made_by_looking_for_one(run: Run, tmp_path: Path, repair: list[str]) -> None:
    """A path that leads nowhere, or to a file, is a mistake."""
    (tmp_path / "file").write_bytes(b"?")
    for name in ("missing", "file"):
        told = run("fsck", *repair, "--metrics-path", tmp_path / name)
        assert (told.returncode, told.stdout) == (2, "")
        assert told.stderr == f"{tmp_path / name}: expected the folder of a store, found none\n"
    assert not (tmp_path / "missing").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["fsck", "extra"],
        ["fsck", "--rows", "1"],
        ["inspect", "--rows", "-1"],
        ["inspect", "--records", "x"],
        ["inspect", "a", "b"],
    ],
)
def test_wrong_usage_exits_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """With the usage of the command."""
    with pytest.raises(SystemExit) as caught:
        main(arguments, {})
    assert caught.value.code == 2
    assert "usage: telemetryd" in capsys.readouterr().err


def test_a_wrong_setting_exits_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    """One line for each mistake, as of every command."""
    for command in ("fsck", "inspect"):
        assert main([command], {"IPFS_KIT_TELEMETRY_RETENTION": "0"}) == 2
        assert capsys.readouterr().err.startswith("telemetry.retention_days: expected")


def test_inspecting(run: Run, store: Path) -> None:
    """A store, a segment and a part, as text and as data."""
    shown = {}
    for path, kind in ((store, "store"), (store / ACTIVE_SEGMENT, "segment"), (store / HOUR_EVENTS, "events")):
        text, data = run("inspect", path), run("inspect", "--json", path)
        assert (text.returncode, text.stderr, data.returncode) == (0, "", 0)
        assert text.stdout.startswith(kind)
        assert json.loads(data.stdout)["kind"] == kind
        shown[kind] = text.stdout
    assert run("inspect", IPFS_KIT_TELEMETRY_PATH=str(store)).stdout == shown["store"]
    assert run("inspect", "--metrics-path", store).stdout == shown["store"]


def test_inspecting_what_cannot_be_read(run: Run, store: Path, tmp_path: Path) -> None:
    """1 for what holds something else, 2 for nothing at all; one sentence."""
    (tmp_path / "noise").write_bytes(b"noise")
    noise, nothing = run("inspect", tmp_path / "noise"), run("inspect", tmp_path / "missing")
    assert (noise.returncode, noise.stdout, noise.stderr.count("\n")) == (1, "", 1)
    assert (nothing.returncode, nothing.stdout, nothing.stderr.count("\n")) == (2, "", 1)


def test_a_reader_that_has_seen_enough_is_no_error(run: Run, store: Path) -> None:
    """`telemetryd inspect … | head -1` says nothing on stderr."""
    command = f"{sys.executable} -m telemetryd inspect --json {store} | true"
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path), "HOME": str(store)}
    told = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, timeout=60, check=False, env=environment
    )
    assert told.stderr == ""


@pytest.mark.parametrize("command", ["fsck", "inspect"])
def test_help_says_what_to_type_and_what_comes_back(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Examples and exit codes."""
    with pytest.raises(SystemExit) as caught:
        main([command, "--help"], {})
    assert caught.value.code == 0
    out = capsys.readouterr().out
    assert f"examples:\n  telemetryd {command}" in out
    assert "Exits with" in out


def test_progress_is_told_once_it_takes_longer() -> None:
    """On a terminal in one line that is wiped at the end."""

    class Terminal:
        def __init__(self) -> None:
            self.text = ""

        def isatty(self) -> bool:
            return True

        def write(self, text: str) -> None:
            self.text += text

        def flush(self) -> None:
            pass

    now = [0.0]
    terminal = Terminal()
    with cli_store.Progress(terminal, lambda: now[0]) as progress:
        progress(0, 2000)
        assert terminal.text == ""
        now[0] = 5.0
        progress(1000, 2000)
        progress(1001, 2000)
    assert terminal.text == "\rchecked 1,000 of 2,000 parts\r\x1b[K"
