#!/usr/bin/env python3
"""Simulate the WALs of a busy IPFS Kit node, to have something to look at.

Some hours of history first, sent in one go; then events as they happen, until Ctrl-C or SIGTERM.
Several producers, the thirteen operation types of ipfs_kit_py, five backends, latencies with a
long tail, failures, retries, and one backend that degrades, goes offline and recovers.
"""

from __future__ import annotations

import argparse
import contextlib
import heapq
import json
import math
import os
import secrets
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from simulated_operations import PRODUCERS, Stream

from telemetryd.hooks import Emitter
from telemetryd.hooks.address import ingest_socket
from telemetryd.model.codec import VERSION, encode_batch, encode_line
from telemetryd.model.events import BackendHealthChange, Event, OperationStart

BATCH = 1000


def send_history(path: str, streams: list[Stream], start: float) -> None:
    """Send all that happened before now, by the bare protocol: connect, hello, batches, each one acknowledged."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(path)
        answers = connection.makefile("rb")
        hello = {"producer": f"simulated-history-{secrets.token_hex(4)}", "version": VERSION, "dropped": 0}
        connection.sendall(encode_line({"hello": hello}))
        number = _expect(answers, "welcome")["welcome"]["last_batch"]
        sent, sent_until = 0, start
        # Sending takes time, in which more becomes history.
        while (now := time.time()) - sent_until > 1:
            merged = heapq.merge(*(stream.until(now) for stream in streams), key=lambda event: event.timestamp)
            while events := list(islice(merged, BATCH)):
                number += 1
                _store(connection, answers, number, events)
                sent += len(events)
                _progress(f"history: {sent:,} events, {(events[-1].timestamp - start) / (now - start):.0%}")
            sent_until = now
    _progress(f"history: {sent:,} events are on the daemon's disk", last=True)


def _store(connection: socket.socket, answers: Iterable[bytes], number: int, events: list[Event]) -> None:
    """Send one batch until the daemon has it on disk."""
    while True:
        connection.sendall(encode_batch(number, events))
        answer = _expect(answers, "ack", "nack")
        if "ack" in answer:
            return
        time.sleep(answer["retry_after"])


def _expect(answers: Iterable[bytes], *keys: str) -> dict[str, Any]:
    for line in answers:
        answer: dict[str, Any] = json.loads(line)
        if any(key in answer for key in keys):
            return answer
        print(f"the daemon says: {line.decode().strip()}", file=sys.stderr)
    raise ConnectionResetError("the daemon has hung up")


def _progress(text: str, *, last: bool = False) -> None:
    if last or sys.stderr.isatty():
        ahead, end = ("\r", "\n" if last else "") if sys.stderr.isatty() else ("", "\n")
        print(f"{ahead}{text:<60}", end=end, file=sys.stderr, flush=True)


class Producer(threading.Thread):
    """One WAL: tells an emitter of its stream's events, each at its time."""

    def __init__(self, stream: Stream, path: str, stop: threading.Event) -> None:
        super().__init__(name=stream.name, daemon=True)
        self.emitter = Emitter(path)
        self._stream = stream
        self._ended = stop

    def run(self) -> None:
        """Emit until it is time to stop."""
        for event in self._stream.until(math.inf):
            if self._ended.wait(max(0.0, event.timestamp - time.time())):
                return
            self._emit(event)

    def _emit(self, event: Event) -> None:
        emitter = self.emitter
        if isinstance(event, OperationStart):
            emitter.operation_start(event.operation_id, event.operation_type, event.backend, event.size)
        elif isinstance(event, BackendHealthChange):
            emitter.backend_health_change(event.backend, event.old_status, event.new_status)
        else:
            emitter.status_change(
                event.operation_id,
                event.status,
                retry_count=event.retry_count,
                error=event.error,
                error_type=event.error_type,
                size=event.size,
            )


def live(path: str, streams: list[Stream], duration: float) -> None:
    """Let every stream go on in a producer of its own, for ``duration`` s or until a signal asks to stop."""
    signals = {signal.SIGINT, signal.SIGTERM}
    # Threads inherit the mask, so that the signal waits for the one that waits for it.
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    stop = threading.Event()
    producers = [Producer(stream, path, stop) for stream in streams]
    for producer in producers:
        producer.start()
    if duration:
        signal.sigtimedwait(signals, duration)
    else:
        signal.sigwait(signals)
    stop.set()
    for producer in producers:
        producer.join()
        producer.emitter.close(2)
        told = producer.emitter.statistics()
        print(
            f"{producer.name}: {told.sent:,} events sent, {told.acked:,} acknowledged, {told.dropped:,} dropped",
            file=sys.stderr,
        )


def wait_for_daemon(path: str, patience: float) -> None:
    """Return once somebody listens at ``path``; exit with a sentence where nobody does within ``patience`` s."""
    deadline = time.monotonic() + patience
    while True:
        with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as probe:
            try:
                probe.connect(path)
                return
            except OSError as error:
                found = error.strerror or str(error)
        if time.monotonic() >= deadline:
            sys.exit(f"expected a daemon that listens at {path}, waited {patience:g} s, found: {found}")
        time.sleep(0.1)


def main() -> None:
    """Parse the arguments and run."""
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").strip(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="example: scripts/simulated_wal.py --socket /tmp/telemetryd.sock --history-hours 6 --rate 20",
    )
    parser.add_argument(
        "--socket", default=ingest_socket(os.environ), help="the daemon's ingest socket (default: %(default)s)"
    )
    parser.add_argument(
        "--history-hours", type=float, default=3, help="hours of history before now (default: %(default)s)"
    )
    parser.add_argument(
        "--rate", type=float, default=5, help="operations a second, all producers together (default: %(default)s)"
    )
    parser.add_argument(
        "--seed", default=secrets.token_hex(4), help="the same seed makes the same choices (default: a new one)"
    )
    parser.add_argument(
        "--duration", type=float, default=0, help="seconds of live events; 0 goes on until a signal (default)"
    )
    parser.add_argument(
        "--wait", type=float, default=10, help="seconds to wait for a daemon to listen (default: %(default)s)"
    )
    arguments = parser.parse_args()
    if arguments.rate <= 0 or min(arguments.history_hours, arguments.duration, arguments.wait) < 0:
        parser.error("expected a rate above 0, and hours and seconds of at least 0")

    wait_for_daemon(arguments.socket, arguments.wait)
    start = time.time() - arguments.history_hours * 3600
    rate = arguments.rate / len(PRODUCERS)
    streams = [
        Stream(name, start, rate, arguments.seed, tells_health=not index) for index, name in enumerate(PRODUCERS)
    ]
    try:
        send_history(arguments.socket, streams, start)
    except OSError as error:
        sys.exit(f"history: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
    print(
        f"live: {', '.join(PRODUCERS)}; {arguments.rate:g} operations a second; Ctrl-C ends it",
        file=sys.stderr,
        flush=True,
    )
    live(arguments.socket, streams, arguments.duration)


if __name__ == "__main__":
    main()
