"""What the page of one chart may do: run its own scripts, which are known by their digests, and nothing else."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files

_SCRIPTS = ("plotly-cartesian.min.js", "chart.js", "standalone.js")


@cache
def page_policy() -> str:
    """Return the policy as a header or a page can say it. Plotly writes style rules of its own."""
    digests = (base64.b64encode(hashlib.sha256(script).digest()).decode() for script in scripts())
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )


@cache
def scripts() -> tuple[bytes, ...]:
    """Return the scripts of the page, in their order."""
    return tuple(static(name).encode() for name in _SCRIPTS)


@cache
def static(name: str) -> str:
    """Return what a file of the package's static folder holds."""
    return files("telemetryd.charts").joinpath("static", name).read_text(encoding="utf-8")
