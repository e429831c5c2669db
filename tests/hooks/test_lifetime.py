from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from telemetryd.hooks import Emitter
from tests.end_to_end.waiting import until

from .scripted_daemon import ScriptedDaemon

ROOT = Path(__file__).resolve().parents[2]


def run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-W", "error", "-c", program, *arguments]
    return subprocess.run(command, env=environment, timeout=60, check=True, capture_output=True, text=True)


def test_the_last_events_of_a_process_are_sent_at_its_end(daemon: ScriptedDaemon) -> None:
    """A process that just ends loses nothing."""
    program = """
import sys
from telemetryd import hooks
emitter = hooks.Emitter(sys.argv[1], "short")
for number in range(2500):
    emitter.operation_start(str(number), "add", "ipfs")
"""
    ended = run(program, daemon.path)
    assert len(daemon.events) == 2500
    assert ended.stderr == ""


def test_a_process_without_a_daemon_ends_without_a_word(stopped_daemon: ScriptedDaemon) -> None:
    """Exit code 0, nothing on stderr, and no waiting for somebody who is not there."""
    program = """
import atexit, sys, time
from telemetryd import hooks
emitter = hooks.Emitter(sys.argv[1])
emitter.operation_start("a", "add", "ipfs")
emitter.drain(3600)
"""
    assert run(program, stopped_daemon.path).stderr == ""


def test_a_child_begins_anew_under_its_own_name(daemon: ScriptedDaemon, tmp_path: Path) -> None:
    """After a fork the child has no event of the parent's, and both go on, each under its name."""
    program = """
import os, sys
from telemetryd import hooks
emitter = hooks.Emitter(sys.argv[1], "family")
emitter.operation_start("before the fork", "add", "ipfs")
child = os.fork()
emitter.operation_start("child" if child == 0 else "parent", "add", "ipfs")
assert emitter.flush(60)
if child == 0:
    assert emitter.statistics().sent == 1
    print(emitter.statistics().producer, flush=True)
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
emitter.operation_start("parent again", "add", "ipfs")
"""
    child = run(program, daemon.path).stdout.strip()
    assert child.startswith("family-")

    def told_by(producer: str) -> list[str]:
        return [event["operation_id"] for events in daemon.stored[producer].values() for event in events]

    assert told_by(child) == ["child"]
    assert sorted(told_by("family")) == ["before the fork", "parent", "parent again"]


def test_a_child_lets_go_of_its_parents_connection(daemon: ScriptedDaemon, emitter: Emitter) -> None:
    """The daemon sees the parent hang up, however long the child lives."""
    emitter.operation_start("a", "add", "ipfs")
    assert emitter.flush(60)
    told, tell = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(tell)
        os.read(told, 1)  # until the parent is done
        os._exit(0)
    os.close(told)
    try:
        assert emitter.close(60)
        until(lambda: daemon.connections == 0, "the end of the connection")
    finally:
        os.close(tell)
        os.waitpid(child, 0)


def test_a_closed_emitter_is_closed_in_the_child_as_well(emitter: Emitter) -> None:
    """Forking opens nothing again."""
    emitter.close(60)
    emitter.renew()
    emitter.operation_start("a", "add", "ipfs")
    assert emitter.statistics().discarded == 1
    assert emitter.close(60)


def test_a_child_of_a_child_is_named_for_itself(daemon: ScriptedDaemon) -> None:
    """Names do not grow with the generations, and no two processes share one."""
    program = """
import os, sys
from telemetryd import hooks
emitter = hooks.Emitter(sys.argv[1], "family")
for generation in range(2):
    if child := os.fork():
        os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
emitter.operation_start("a", "add", "ipfs")
assert emitter.flush(60)
print(emitter.statistics().producer == f"family-{os.getpid()}", flush=True)
"""
    assert run(program, daemon.path).stdout.strip() == "True"
