#!/usr/bin/env python3
"""Ask the registry which of the installed packages have known holes; 1 where any has, 0 otherwise.

Where the registry cannot be asked, or has no such list, one line says so: then nothing is known, good or bad.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

# How long the registry may take to answer for one package, and for all, in seconds.
TIMEOUT = 10
PATIENCE = 180


def verdict(report: dict[str, Any] | None, trouble: str = "") -> tuple[int, list[str]]:
    """Return the exit code and the lines that a report of pip-audit comes to; None is one that could not be had."""
    if report is None:
        return 0, [f"the registry could not be asked for known holes: {trouble or 'pip-audit says nothing'}"]
    packages = report["dependencies"]
    audited = [package for package in packages if "vulns" in package]
    if not audited:
        return 0, [f"the registry has no list of known holes: none of {len(packages)} packages could be looked up"]
    holes = [
        f"{package['name']} {package['version']}: {hole['id']}, mended in {', '.join(hole['fix_versions']) or 'no release'}"
        for package in audited
        for hole in package["vulns"]
    ]
    told = f"known holes: {len(holes)}; {len(audited)} of {len(packages)} packages could be looked up"
    return int(bool(holes)), [*holes, told]


def audit() -> tuple[dict[str, Any] | None, str]:
    """Return what pip-audit reports of this environment, or None and what kept it from that."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.json"
        command = [sys.executable, "-m", "pip_audit", "--skip-editable", "--progress-spinner", "off"]
        command += ["--timeout", str(TIMEOUT), "--format", "json", "--output", str(path)]
        try:
            ran = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
        except subprocess.TimeoutExpired:
            return None, f"no answer within {PATIENCE} s"
        # It exits with 1 where it fails as where it finds something: what it wrote tells which.
        if path.exists():
            report: dict[str, Any] = json.loads(path.read_text())
            return report, ""
    return None, (ran.stderr.strip().splitlines() or [""])[-1][:200]


def main() -> int:
    """Print what is known, and return the exit code."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    code, lines = verdict(*audit())
    print("\n".join(lines), file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
