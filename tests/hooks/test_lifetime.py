from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

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


def test_an_emitter_that_nobody_holds_any_more_is_waited_for_too(daemon: ScriptedDaemon) -> None:
    """Its events were noted, so they are sent."""
    program = """
import sys
from telemetryd import hooks
def work():
    emitter = hooks.Emitter(sys.argv[1], "short")
    for number in range(2500):
        emitter.operation_start(str(number), "add", "ipfs")
work()
"""
    run(program, daemon.path)
    assert len(daemon.events) == 2500


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


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_children_of_multiprocessing_send_their_last_events(
    daemon: ScriptedDaemon, tmp_path: Path, method: str
) -> None:
    """They end by ways of their own, whether the emitter is their parent's or their own."""
    program = tmp_path / "program.py"
    program.write_text("""
import multiprocessing, sys
from telemetryd import hooks

def work(number):
    emitter = parents if multiprocessing.get_start_method() == "fork" else hooks.Emitter(sys.argv[1], f"worker-{number}")
    for each in range(100):
        emitter.operation_start(f"{number}-{each}", "add", "ipfs")

if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[2])
    parents = hooks.Emitter(sys.argv[1], "parent")
    parents.operation_start("parent", "add", "ipfs")
    children = [multiprocessing.Process(target=work, args=(number,)) for number in range(3)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0, 0, 0]
""")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, str(program), daemon.path, method], env=environment, timeout=60, check=True)
    expected = {f"{number}-{each}" for number in range(3) for each in range(100)} | {"parent"}
    assert sorted(event["operation_id"] for event in daemon.events) == sorted(expected)


HANGS = """
import sys, time
from telemetryd import hooks
emitter = hooks.Emitter(sys.argv[1], "wal", sys.argv[2] or None)
emitter.operation_start("before", "add", "ipfs")
assert emitter.flush(60)
sys.stdout.write("hang\\n"), sys.stdout.flush(), sys.stdin.readline()
for number in range(5000):
    emitter.operation_start(str(number), "add", "ipfs")
"""


@pytest.mark.parametrize("spool", ["", "spool"], ids=["buffer", "spool"])
def test_a_process_whose_daemon_hangs_ends_all_the_same(
    daemon: ScriptedDaemon, new_emitter: Callable[..., Emitter], short_path: Path, spool: str
) -> None:
    """The daemon reads nothing, and nobody waits for it for ever; what is in the spool comes with the next process."""
    path = str(short_path / spool) if spool else ""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-W", "error", "-c", HANGS, daemon.path, path]
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None and process.stdout is not None
        assert process.stdout.readline() == b"hang\n"
        daemon.readable.clear()
        process.stdin.write(b"\n")
        process.stdin.close()
        assert process.wait(60) == 0
    daemon.readable.set()
    if spool:
        assert new_emitter(spool=path).flush(60)
        assert [event["operation_id"] for event in daemon.events] == ["before", *map(str, range(5000))]


def test_a_child_leaves_its_parents_spool_alone(
    daemon: ScriptedDaemon, new_emitter: Callable[..., Emitter], short_path: Path
) -> None:
    """It has a name of its own and no spool; and when the parent is dead the next process gets it, though the child lives."""
    program = """
import os, signal, sys
from telemetryd import hooks
emitter = hooks.Emitter(sys.argv[1], "wal", sys.argv[2])
emitter.operation_start("parent", "add", "ipfs")
assert emitter.flush(60)
if not os.fork():
    emitter.operation_start("child", "add", "ipfs")
    assert emitter.flush(60) and emitter.statistics().spooled == 0
    assert emitter.close(60)
    print(emitter.statistics().producer, flush=True)
    sys.stdin.readline()
    os._exit(0)
signal.pause()
"""
    spool = str(short_path / "spool")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", program, daemon.path, spool]
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None and process.stdout is not None
        assert process.stdout.readline().startswith(b"wal-")
        process.kill()
        process.wait()
        emitter = new_emitter(spool=spool)
        emitter.operation_start("next", "add", "ipfs")
        assert emitter.flush(60)
        assert emitter.statistics().producer == "wal"
        process.stdin.close()
    assert sorted(event["operation_id"] for event in daemon.events) == ["child", "next", "parent"]
