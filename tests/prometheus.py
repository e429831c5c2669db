"""Debian's Prometheus and its promtool: on the path, or unpacked where `scripts/test` puts them."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path


def _found(name: str) -> str:
    unpacked = Path(sys.prefix) / "prometheus" / "usr" / "bin" / name
    return shutil.which(name) or str(unpacked)


PROMETHEUS = _found("prometheus")
PROMTOOL = _found("promtool")
