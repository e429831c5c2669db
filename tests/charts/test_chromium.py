"""How Chromium is started, seen by a program in its place."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from choreographer.browsers import Chromium

from telemetryd.charts.browser import Browser, BrowserLost
from telemetryd.charts.channel import Channel
from telemetryd.charts.chromium import Supervised, may_compile

from .rendering import BROWSER, needs_browser

# As systemd does with MemoryDenyWriteExecute=yes (PR_SET_MDWE); 1 where this kernel cannot.
HARDENED = """
import ctypes, pathlib, struct, sys
if ctypes.CDLL(None).prctl(65, 1, 0, 0, 0):
    sys.exit(3)
from telemetryd.charts.browser import Browser
from telemetryd.charts.chromium import may_compile
assert not may_compile()
browser = Browser(sys.argv[1], pathlib.Path(sys.argv[2]), sandbox=False)
assert browser.opened(60)
print(struct.unpack(">II", browser.draw({"data": [], "layout": {}}, "png", 300, 200, 60)[16:24]))
browser.close(10)
"""


def command(path: Path, sandbox: bool = True) -> list[str]:
    """Return the command that would start the browser at ``path``."""
    channel = Channel(lambda: None)
    browser = Supervised("/short", channel, str(path), enable_sandbox=sandbox, tmp_dir=str(path.parent))
    browser.pre_open()
    channel.close()
    assert browser.get_env()["TMPDIR"] == "/short"
    arguments = browser.get_popen_args()
    assert arguments["process_group"] == 0 and "start_new_session" not in arguments
    return list(browser.get_cli())


def program(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_the_command(tmp_path: Path) -> None:
    """Bounded memory, no name of another host, no proxy; the sandbox unless it is switched off."""
    told = command(program(tmp_path / "chromium", "exit 1"))
    assert told[3] == str(tmp_path / "chromium")
    assert {
        "--js-flags=--max-old-space-size=256,--max-semi-space-size=8",
        "--host-resolver-rules=MAP * ~NOTFOUND",
        "--no-proxy-server",
        "--remote-debugging-pipe",
        "--headless",
    } <= set(told)
    assert "--no-sandbox" not in told
    assert "--no-sandbox" in command(tmp_path / "chromium", sandbox=False)


def test_the_browser_is_the_process_that_was_started(tmp_path: Path) -> None:
    """Nothing stands between, and it has the line on descriptors 3 and 4 alone."""
    text = "echo $(readlink /proc/$$/fd/0) $(readlink /proc/$$/fd/3 | cut -d: -f1) $(readlink /proc/$$/fd/4 | cut -d: -f1) $$ >&2; exit 1"
    browser = Browser(str(program(tmp_path / "chromium", text)), tmp_path, sandbox=False)
    with pytest.raises(BrowserLost, match=f"ended with code 1: /dev/null socket socket {browser.pid or '[0-9]+'}$"):
        browser.opened(60)
    browser.close()


def test_a_folder_with_a_long_path(tmp_path: Path) -> None:
    """The browser knows it by a short one."""
    folder = tmp_path / ("long" * 20) / ("longer" * 20)
    folder.mkdir(parents=True)
    here = program(tmp_path / "chromium", 'echo here > "$TMPDIR/here"; echo "$TMPDIR" >&2; exit 1')
    browser = Browser(str(here), folder, sandbox=False)
    with pytest.raises(BrowserLost, match=r"it ended with code 1: /proc/\d+/fd/\d+$"):
        browser.opened(60)
    browser.close()
    assert (folder / "here").read_text() == "here\n"


@needs_browser
def test_memory_that_may_not_be_run(tmp_path: Path) -> None:
    """V8 does without its compiler, and charts come all the same."""
    assert may_compile()
    ran = subprocess.run(
        [sys.executable, "-c", HARDENED, BROWSER, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )
    if ran.returncode == 3:
        pytest.skip("this kernel cannot forbid it (PR_SET_MDWE, since 6.3)")
    assert (ran.stdout.strip(), ran.returncode) == ("(300, 200)", 0), ran.stderr


def test_what_is_overridden_is_there() -> None:
    """The methods of choreographer's class that ours gives another meaning."""
    assert {"get_cli", "get_popen_args", "get_env", "pre_open"} <= set(vars(Chromium))
