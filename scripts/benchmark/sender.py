"""A process that sends a load as fast as it is taken: frames that are acknowledged, bare bytes, or requests.

``python -m benchmark.sender KIND ADDRESS LOAD``, where ``KIND`` is ``acknowledged``, ``paced``, ``bare`` or ``influx``.
Says ``ready``, begins when it reads a line, and says how many seconds it took until everything was answered.
"""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from uuid import uuid4

from measured_daemon import ROOT, on_core

from . import frames

# Events a second of a paced producer: a busy node's.
PACED_RATE = 25_000
# Batches a producer may have unacknowledged, as many as an emitter.
WINDOW = 32


class Sender:
    """The process, seen by who started it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def start(self) -> None:
        """Let it begin."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    @property
    def is_done(self) -> bool:
        """Whether it has nothing more to do."""
        return self._process.poll() is not None

    def seconds(self) -> float:
        """Wait until everything is answered and return how long that took; raises SystemExit where it was not."""
        assert self._process.stdout is not None
        told = self._process.stdout.readline()
        if self._process.wait() or not told:
            raise SystemExit("expected a sender whose load is taken, found one that failed; its words are above")
        return float(told)


@contextmanager
def sender(kind: str, address: str, load: Path, core: int | None) -> Iterator[Sender]:
    """Start one that is ready; end it, however far it is, at the end."""
    command = [*on_core(core), sys.executable, "-m", "benchmark.sender", kind, address, str(load)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            if process.stdout.readline() != "ready\n":
                raise SystemExit("expected a sender that is ready, found none; its words are above")
            yield Sender(process)
        finally:
            process.kill()


def main(arguments: Sequence[str]) -> int:
    """Be the process."""
    kind, address, path = arguments
    loads, requests = frames.read(Path(path))
    turns: list[Callable[[], None]] = (
        [influx(address, requests)]
        if kind == "influx"
        else [KINDS[kind](address, f"bench-{uuid4()}", each) for each in loads]
    )
    threads = [threading.Thread(target=turn) for turn in turns]
    failed: list[object] = []
    threading.excepthook = failed.append
    print("ready", flush=True)
    sys.stdin.readline()
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        print(*failed, sep="\n", file=sys.stderr)
        return 1
    print(time.monotonic() - began, flush=True)
    return 0


def acknowledged(address: str, name: str, batches: list[bytes], every: float = 0.0) -> Callable[[], None]:
    """Connect a producer, and return what sends its batches until all are acknowledged, one ``every`` so many seconds."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.connect(address)
    answers = connection.makefile("rb")
    connection.sendall(json.dumps({"hello": {"producer": name, "version": 1, "dropped": 0}}).encode() + b"\n")
    welcome = json.loads(answers.readline())["welcome"]
    if welcome["last_batch"]:
        raise ValueError(f"expected a daemon that has nothing of {name}, found {welcome}")

    def turn() -> None:
        last, due = 0, time.monotonic()
        for number, batch in enumerate(batches, 1):
            due += every
            time.sleep(max(0.0, due - time.monotonic()) if every else 0.0)
            connection.sendall(batch)
            while last < (number - WINDOW if number < len(batches) else number):
                answer = json.loads(answers.readline())
                if "ack" not in answer:
                    raise ValueError(f"expected an ack, found {answer}")
                last = answer["ack"]
        connection.close()

    return turn


def bare(address: str, name: str, batches: list[bytes]) -> Callable[[], None]:
    """Connect, and return what sends the same bytes and waits until the other side has read them all."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.connect(address)

    def turn() -> None:
        for batch in batches:
            connection.sendall(batch)
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1)
        connection.close()

    return turn


def influx(address: str, requests: list[bytes]) -> Callable[[], None]:
    """Connect, and return what posts Influx lines, one request after the other."""
    connection = http.client.HTTPConnection(address, timeout=60)
    connection.connect()

    def turn() -> None:
        for body in requests:
            connection.request("POST", "/write", body)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 204:
                raise ValueError(f"expected 204, found {answer.status}")
        connection.close()

    return turn


KINDS: dict[str, Callable[..., Callable[[], None]]] = {
    "acknowledged": acknowledged,
    "paced": partial(acknowledged, every=frames.BATCH / PACED_RATE),
    "bare": bare,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
