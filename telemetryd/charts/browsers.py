"""Finding a Chromium on this machine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping

from telemetryd.model.errors import ChartsUnavailable

# In this order: the first needs the least memory. All of one family; only Chromium speaks what Kaleido speaks.
NAMES = (
    "chromium-headless-shell",
    "chrome-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
)
# What works all the same: for who chose a format, and nobody else.
WITHOUT = "; html and json need none"
_PACKAGE = "chromium-headless-shell"


def find_browser(setting: str, environ: Mapping[str, str]) -> str | None:
    """Return the path of the Chromium that ``charts.browser`` names, or the first on PATH where it is empty."""
    path = environ.get("PATH", os.defpath)
    if setting:
        return _found(os.path.expanduser(setting), path)
    return next((found for name in NAMES if (found := _found(name, path))), None)


def need_browser(setting: str, environ: Mapping[str, str]) -> str:
    """Return the path of a Chromium; raises :class:`ChartsUnavailable`, which says what to do, where there is none."""
    found = find_browser(setting, environ)
    if found is not None:
        return found
    looked = f"charts.browser is {setting}" if setting else f"looked on PATH for {', '.join(NAMES)}"
    raise ChartsUnavailable(
        f"PNG and SVG need a Chromium, and none was found ({looked}): install one (Debian: apt install {_PACKAGE}), "
        f"or set charts.browser to the path of one{WITHOUT}"
    )


def _found(name: str, path: str) -> str | None:
    found = shutil.which(name, path=path)
    return None if found is None else os.path.abspath(found)
