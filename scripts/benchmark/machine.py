"""The machine and the versions that the figures are of."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from importlib import metadata
from pathlib import Path

from measured_daemon import ROOT

from .victoria import PROGRAM

PACKAGES = ("telemetryd", "msgspec", "pyarrow", "numpy", "aiohttp", "duckdb", "prometheus_client", "ipfs_kit_py")


def facts() -> dict[str, str]:
    """Return what anybody needs to know to compare."""
    cpu = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.M)
    memory = os.sysconf("SC_PAGESIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    return {
        "processor": f"{cpu[1] if cpu else platform.machine()}, {len(os.sched_getaffinity(0))} cores",
        "memory": f"{memory:.0f} GiB",
        "system": f"{_distribution()}, Linux {platform.release()}",
        "python": platform.python_version(),
        "versions": ", ".join(f"{name} {_version(name)}" for name in PACKAGES),
        "VictoriaMetrics": _victoria(),
        "commit": _commit(),
        "load before": f"{os.getloadavg()[0]:.2f}",
    }


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"


def _distribution() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")
    except OSError:
        return "Linux"


def _commit() -> str:
    told = subprocess.run(
        ["git", "-C", ROOT, "describe", "--always", "--dirty"], capture_output=True, text=True, check=False
    )
    return told.stdout.strip() or "unknown"


def _victoria() -> str:
    found = shutil.which(PROGRAM)
    if found is None:
        return "not installed"
    # Debian's says nothing of itself.
    told = subprocess.run([found, "-version"], capture_output=True, text=True, check=False)
    if not (words := (told.stdout or told.stderr).strip()) and shutil.which("dpkg-query"):
        told = subprocess.run(
            ["dpkg-query", "--show", "--showformat=${Version}", PROGRAM], capture_output=True, text=True, check=False
        )
        words = told.stdout.strip()
    return words or "of an unknown version"
