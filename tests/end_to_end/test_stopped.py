"""A daemon that is stopped for a while, as by a debugger or a host that freezes: SIGSTOP and SIGCONT."""

from __future__ import annotations

import signal
import time

from tests.oracle.events import start

from .daemon import Daemon
from .wal import Wal


def test_batches_sent_to_a_stopped_daemon_are_stored_when_it_goes_on(daemon: Daemon) -> None:
    """Those that fit into the socket are acknowledged then, once each."""
    now = time.time() - 10
    with daemon.producer() as producer:
        producer.hello("wal")
        producer.store(1, [start("before", now)])
        daemon.signal(signal.SIGSTOP)
        for number in range(2, 12):
            producer.batch(number, [start(f"meanwhile {number}", now)])
        daemon.signal(signal.SIGCONT)
        producer.expect_ack(11)
    assert daemon.entries("pending") == 11


def test_an_emitter_rides_out_a_stopped_daemon(daemon: Daemon) -> None:
    """It waits for nothing meanwhile, and all is acknowledged afterwards, once each."""
    wal = Wal(daemon.socket, "wal")
    wal.start(1, 100)
    assert wal.flush()
    daemon.signal(signal.SIGSTOP)
    wal.start(101, 20_000)
    assert not wal.flush(0.3)
    daemon.signal(signal.SIGCONT)
    assert wal.flush()
    wal.end()
    assert daemon.entries("pending") == 20_100


def test_a_stopped_daemon_ends_when_told_to_and_woken(daemon: Daemon) -> None:
    """SIGTERM waits for it; what it had been sent by then is stored, or was never acknowledged."""
    now = time.time() - 10
    with daemon.producer() as producer:
        producer.hello("wal")
        producer.store(1, [start("1", now)])
        daemon.signal(signal.SIGSTOP)
        for number in range(2, 12):
            producer.batch(number, [start(f"{number}", now)])
        daemon.signal(signal.SIGTERM)
        daemon.signal(signal.SIGCONT)
        acknowledged = max((line.get("ack", 0) for line in producer.lines()), default=1)
    assert daemon.wait() == 0
    daemon.start()
    with daemon.producer() as producer:
        last = producer.hello("wal")["last_batch"]
    assert last >= acknowledged
    assert daemon.entries("pending") == last
