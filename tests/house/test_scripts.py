"""Scripts are well formed, and say how they are used."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from telemetryd.charts.browsers import NAMES

from .source import ROOT, SHELL_SCRIPTS, read


@pytest.mark.parametrize("script", SHELL_SCRIPTS, ids=str)
def test_syntax(script: Path) -> None:
    """Every shell script is one that bash can read."""
    checked = subprocess.run(["bash", "-n", ROOT / script], capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")


@pytest.mark.parametrize("script", [path for path in SHELL_SCRIPTS if path.suffix != ".sh"], ids=str)
def test_strict(script: Path) -> None:
    """Every shell command can be executed and stops at its first mistake."""
    assert os.access(ROOT / script, os.X_OK)
    assert "\nset -euo pipefail\n" in read(script)


@pytest.mark.parametrize("name", ["bench", "fuzz", "run", "test", "torture"])
def test_help(name: str) -> None:
    """`--help` tells the options, and sets nothing up."""
    environment = {"PATH": os.environ["PATH"], "TELEMETRYD_VENV": "/nonexistent/venv"}
    told = subprocess.run(
        [ROOT / "scripts" / name, "--help"], capture_output=True, text=True, check=True, env=environment
    )
    assert told.stdout.startswith(f"usage: scripts/{name} ")
    assert told.stderr == ""


@pytest.mark.parametrize("option", ["--demmo", "--http"])
def test_mistake(option: str) -> None:
    """A mistake in an option is one sentence that names it, and sets nothing up."""
    environment = {"PATH": os.environ["PATH"], "TELEMETRYD_VENV": "/nonexistent/venv"}
    told = subprocess.run(
        [ROOT / "scripts" / "run", option], capture_output=True, text=True, check=False, env=environment
    )
    assert told.returncode == 1
    assert told.stdout == ""
    assert told.stderr.count("\n") == 1
    assert option in told.stderr


def test_browsers() -> None:
    """The scripts and docs/api.md look for the browsers that the daemon looks for, in its order."""
    (listed,) = re.findall(r"for name in (.*chrom.*); do", read("scripts/_environment.sh"))
    assert tuple(listed.split()) == NAMES
    (told,) = re.findall(r"the first found on `PATH` of (.*?)\.", read("docs/api.md"))
    assert tuple(re.findall(r"`([^`]+)`", told)) == NAMES
