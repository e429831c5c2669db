"""Sessions of processes, made up and real."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from telemetryd.charts.session import Session
from tests.end_to_end.waiting import until

PAGE = os.sysconf("SC_PAGESIZE")
# A shell with a child in a group of its own, and one in its own.
FAMILY = """
import subprocess, sys
subprocess.Popen(["sleep", "600"], process_group=0)
subprocess.Popen(["sleep", "600"])
print(flush=True)
sys.stdin.read()
"""
# Makes itself the father of orphans, has one killed in another session, and ends that session.
FOSTER_FATHER = """
import ctypes, os, subprocess, sys
from telemetryd.charts.session import Session
assert ctypes.CDLL(None).prctl(36, 1, 0, 0, 0) == 0
shell = subprocess.Popen(["sh", "-c", "sleep 600 & echo; wait"], start_new_session=True, stdout=subprocess.PIPE)
shell.stdout.readline()
assert Session(shell.pid).end(30)
print([member.pid == shell.pid for member in Session(shell.pid).members()])
"""


def process(proc: Path, pid: int, session: int, state: str = "S", pss: int | None = 1) -> None:
    """Make up a process that takes ``pss`` KiB, or does not show them."""
    folder = proc / str(pid)
    folder.mkdir(parents=True)
    (folder / "stat").write_text(f"{pid} (a (b) c) {state} 1 {pid} {session} 0 -1 4194560")
    (folder / "statm").write_text("100 50 20 1 0 30 0")
    if pss is not None:
        (folder / "smaps_rollup").write_text(
            f"0-1 ---p 0 00:00 0 [rollup]\nRss: 9 kB\nPss: {pss} kB\nPss_Dirty: 7 kB\n"
        )


def test_memory_counts_what_is_shared_once(tmp_path: Path) -> None:
    """The sum of everybody's part; of one that hides its part, what it shares with nobody."""
    process(tmp_path, 10, session=10, pss=1000)
    process(tmp_path, 11, session=10, pss=500)
    process(tmp_path, 12, session=10, pss=None)
    process(tmp_path, 13, session=7, pss=9999)
    assert Session(10, str(tmp_path)).memory() == 1500 * 1024 + 30 * PAGE


def test_members_whatever_they_are_called(tmp_path: Path) -> None:
    """A name with parentheses does not confuse; what is gone or no process is passed over."""
    process(tmp_path, 10, session=10)
    process(tmp_path, 11, session=10, state="Z")
    (tmp_path / "12").mkdir()
    (tmp_path / "version").write_text("Linux")
    found = Session(10, str(tmp_path)).members()
    assert sorted((member.pid, member.alive) for member in found) == [(10, True), (11, False)]


@pytest.mark.parametrize("killed", [False, True], ids=["alive", "its leader killed"])
def test_the_end_of_everybody(killed: bool) -> None:
    """Whatever groups they are in, and whether or not whoever started them is still there."""
    command = [sys.executable, "-c", FAMILY]
    leader = subprocess.Popen(command, start_new_session=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with leader:
        assert leader.stdout is not None
        leader.stdout.readline()
        session = Session(leader.pid)
        assert len({member.group for member in session.members()}) == 2 and len(session.members()) == 3
        assert session.memory() > 1 << 20
        if killed:
            leader.kill()
            leader.wait()
        assert session.end(30)
        assert not [member for member in session.members() if member.alive]


def test_one_that_is_spared() -> None:
    """It stays while the others go: a leader that clears up after itself."""
    command = [sys.executable, "-c", FAMILY]
    leader = subprocess.Popen(command, start_new_session=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with leader:
        assert leader.stdout is not None
        leader.stdout.readline()
        session = Session(leader.pid)
        until(lambda: not session.kill(spare=leader.pid), "the others to be gone")
        assert leader.poll() is None
        assert session.end(30)


def test_orphans_that_are_left_to_us() -> None:
    """They are buried: where this is the first process of a container nobody else would."""
    ran = subprocess.run([sys.executable, "-c", FOSTER_FATHER], capture_output=True, text=True, check=False, timeout=60)
    assert (ran.stdout.strip(), ran.stderr) == ("[True]", "")


def test_nobody() -> None:
    """A session that is over is at its end already."""
    gone = subprocess.Popen(["true"], start_new_session=True)
    gone.wait()
    assert Session(gone.pid).end(1) and Session(gone.pid).memory() == 0
