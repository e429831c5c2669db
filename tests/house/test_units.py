"""The units are what docs/systemd.md says of them, by systemd's own judgement."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from .source import ROOT, read

UNITS = sorted(
    path.relative_to(ROOT) for path in (ROOT / "systemd").iterdir() if path.suffix in (".service", ".socket")
)
SERVICES = [unit for unit in UNITS if unit.suffix == ".service"]
# By systemd-analyze security, of 10: what has no walls has 9 and more.
MOST_EXPOSED = 1.0


def exposure(unit: Path) -> float:
    """Return how exposed a service is, by systemd's count."""
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", ROOT / unit]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    (found,) = re.findall(r"Overall exposure level for \S+: ([\d.]+)", told)
    return float(found)


def test_systemd_takes_the_units_without_a_word() -> None:
    """All of them together, as they are installed."""
    command = ["systemd-analyze", "verify", *(ROOT / unit for unit in UNITS)]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")


@pytest.mark.parametrize("unit", SERVICES, ids=str)
def test_services_are_hardly_exposed(unit: Path) -> None:
    """As the documentation has it."""
    found = exposure(unit)
    assert found <= MOST_EXPOSED
    assert f"| `{unit.name}` | {found} |" in read("docs/systemd.md")


def test_every_unit_is_documented() -> None:
    """And every other file beside them."""
    told = read("docs/systemd.md")
    for path in (ROOT / "systemd").iterdir():
        assert f"`{path.name}`" in told, f"docs/systemd.md: expected {path.name}, found nothing of it"


def test_what_restarts_the_daemon_is_what_it_promises() -> None:
    """Whatever ended it, and as often as it takes: else its sockets would go too. The extension of a time-out is the time-out itself."""
    unit = read("systemd/telemetryd.service")
    from telemetryd.vigil import EXTENSION

    assert "\nStartLimitIntervalSec=0\n" in unit and "\nRestart=on-failure\n" in unit
    assert "RestartPreventExitStatus" not in unit
    assert f"\nTimeoutStartSec={EXTENSION:.0f}\nTimeoutStopSec={EXTENSION:.0f}\n" in unit


def test_the_daemons_socket_has_the_daemons_backlog() -> None:
    """As many wait over a restart as while it runs."""
    from telemetryd.ingest.socket_file import BACKLOG

    for name in ("telemetryd.socket", "telemetryd-http.socket"):
        assert f"\nBacklog={BACKLOG}\n" in read(f"systemd/{name}")
