"""``python -m telemetryd`` is the command line."""

from __future__ import annotations

import os
import subprocess
import sys

from telemetryd import __version__


def test_the_module_runs_as_a_program() -> None:
    """Running the package runs a command and exits with its code."""
    environ = {**os.environ, "PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-m", "telemetryd", "version"],
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0
    assert done.stdout.startswith(f"telemetryd {__version__}\n")
    wrong = subprocess.run(
        [sys.executable, "-m", "telemetryd"], env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert wrong.returncode == 2
