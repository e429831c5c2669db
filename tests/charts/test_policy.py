"""What the page of one chart may do."""

from __future__ import annotations

import base64
import hashlib

from telemetryd.charts.policy import page_policy, scripts, static


def test_only_the_pages_own_scripts_run() -> None:
    """Each is named by its digest, and nothing else is a script."""
    allowed = page_policy().partition("script-src ")[2].partition(";")[0].split()
    digests = [base64.b64encode(hashlib.sha256(script).digest()).decode() for script in scripts()]
    assert allowed == [f"'sha256-{digest}'" for digest in digests]
    assert page_policy().startswith("default-src 'none'; ")


def test_scripts_are_files_of_the_package() -> None:
    """As they are on disk."""
    assert scripts()[-1].decode() == static("standalone.js")
