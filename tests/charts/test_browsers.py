"""Which Chromium is taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from telemetryd.charts.browsers import NAMES, find_browser, need_browser
from telemetryd.model.errors import ChartsUnavailable


def installed(folder: Path, name: str, mode: int = 0o755) -> str:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("#!/bin/sh\n")
    (folder / name).chmod(mode)
    return str(folder / name)


def test_the_lightest_one_on_the_path(tmp_path: Path) -> None:
    """Wherever on it that is; its name decides, not the order of the folders."""
    environ = {"PATH": f"{tmp_path / 'a'}:{tmp_path / 'b'}"}
    found = []
    for name in reversed(NAMES):
        found.append(installed(tmp_path / ("a" if len(found) % 2 else "b"), name))
        assert find_browser("", environ) == found[-1]


def test_what_cannot_be_run_is_none(tmp_path: Path) -> None:
    """Nor is a folder of that name."""
    installed(tmp_path / "a", "chromium", 0o644)
    (tmp_path / "a" / "google-chrome").mkdir()
    assert find_browser("", {"PATH": str(tmp_path / "a")}) is None


def test_the_setting_decides(tmp_path: Path) -> None:
    """It is a path, or a name on PATH; where it leads to nothing, no other is taken."""
    chromium = installed(tmp_path / "a", "chromium")
    mine = installed(tmp_path / "b", "mine")
    environ = {"PATH": f"{tmp_path / 'a'}:{tmp_path / 'b'}"}
    assert find_browser(mine, environ) == find_browser("mine", environ) == mine
    assert find_browser("", environ) == chromium
    assert find_browser("/nonexistent/chromium", environ) is None
    with pytest.raises(ChartsUnavailable, match=r"none was found \(charts\.browser is /nonexistent/chromium\)"):
        need_browser("/nonexistent/chromium", environ)


def test_the_sentence_says_what_to_do() -> None:
    """What was looked for, what to install, which setting, and what works without."""
    with pytest.raises(ChartsUnavailable) as unavailable:
        need_browser("", {"PATH": "/nonexistent"})
    for words in (*NAMES, "apt install chromium-headless-shell", "charts.browser", "html and json"):
        assert words in str(unavailable.value)
