"""What a WAL may call for one operation: our hooks, and what people use instead.

Each contestant is entered, called with the id of an operation (it starts, is processed and completes), and
asked to settle: to have sent what it wants to send.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any

from telemetryd import hooks
from tests import peers

TYPE, BACKEND = "add", "ipfs"
_PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Contestant:
    """``call`` is for one operation, in the WAL's thread."""

    call: Callable[[str], None]
    settle: Callable[[], None]


def nothing_to_do() -> None:
    """Settle where nothing is under way."""


@contextmanager
def nothing(path: str) -> Iterator[Contestant]:
    """Nobody is told: what the loop around the calls costs."""
    yield Contestant(lambda operation_id: None, nothing_to_do)


@contextmanager
def emitter(path: str) -> Iterator[Contestant]:
    """Ours, called by the WAL itself."""
    made = hooks.Emitter(path)

    def call(operation_id: str) -> None:
        made.operation_start(operation_id, TYPE, BACKEND)
        made.status_change(operation_id, "processing")
        made.status_change(operation_id, "completed")

    def settle() -> None:
        if not made.flush(_PATIENCE) or made.statistics().dropped:
            raise SystemExit(f"expected that all is acknowledged, found {made.statistics()}")

    yield Contestant(call, settle)
    made.close()


class BareWal:
    """What ipfs_kit_py's telemetry and ours both attach to, with nothing in it."""

    health_monitor = None

    def add_operation(self, operation_type: str, backend: str, operation_id: str) -> dict[str, Any]:
        return {
            "success": True,
            "operation_id": operation_id,
            "operation_type": operation_type,
            "backend": backend,
            "status": "pending",
        }

    def update_operation_status(self, operation_id: str, new_status: str, updates: Any = None) -> bool:
        return True


def _calls_of(wal: BareWal) -> Callable[[str], None]:
    def call(operation_id: str) -> None:
        wal.add_operation(TYPE, BACKEND, operation_id)
        wal.update_operation_status(operation_id, "processing")
        wal.update_operation_status(operation_id, "completed")

    return call


@contextmanager
def bare_wal(path: str) -> Iterator[Contestant]:
    """The WAL that both are attached to, without either."""
    yield Contestant(_calls_of(BareWal()), nothing_to_do)


@contextmanager
def attached(path: str) -> Iterator[Contestant]:
    """Ours, attached to a WAL."""
    wal = BareWal()
    attachment = hooks.attach(wal, path)
    yield Contestant(_calls_of(wal), lambda: _flush(attachment.emitter))
    attachment.detach()


def _flush(made: hooks.Emitter) -> None:
    if not made.flush(_PATIENCE):
        raise SystemExit(f"expected that all is acknowledged, found {made.statistics()}")


@contextmanager
def _wal_telemetry(wal: BareWal | None) -> Iterator[Any]:
    with TemporaryDirectory(prefix="td-") as folder:
        telemetry = peers.wal_telemetry().WALTelemetry(wal, str(Path(folder)), sampling_interval=3600)
        # Without this every change of a status is a KeyError.
        telemetry.real_time_metrics["operation_status"] = {}
        yield telemetry
        telemetry.close()


@contextmanager
def ipfs_kit_py(path: str) -> Iterator[Contestant]:
    """ipfs_kit_py's own telemetry, called as its hooks call it."""
    with _wal_telemetry(None) as telemetry:

        def call(operation_id: str) -> None:
            telemetry.record_operation_start(operation_id, TYPE, BACKEND)
            telemetry.record_operation_status_change(operation_id, "processing")
            telemetry.record_operation_status_change(operation_id, "completed")
            telemetry.record_operation_end(operation_id, "completed", {})

        yield Contestant(call, nothing_to_do)


@contextmanager
def ipfs_kit_py_attached(path: str) -> Iterator[Contestant]:
    """ipfs_kit_py's own telemetry, attached to a WAL by itself."""
    wal = BareWal()
    with _wal_telemetry(wal):
        yield Contestant(_calls_of(wal), nothing_to_do)


@contextmanager
def prometheus(path: str) -> Iterator[Contestant]:
    """prometheus_client: two counters, a gauge and a histogram, by type and backend; nobody scrapes."""
    import prometheus_client

    registry = prometheus_client.CollectorRegistry()
    labels = ("operation_type", "backend")
    started = prometheus_client.Counter("started", "Operations begun.", labels, registry=registry)
    ended = prometheus_client.Counter("ended", "Operations ended.", (*labels, "status"), registry=registry)
    in_flight = prometheus_client.Gauge("in_flight", "Operations in flight.", labels, registry=registry)
    latency = prometheus_client.Histogram("latency", "Their latency.", labels, registry=registry)
    begun: dict[str, float] = {}

    def call(operation_id: str) -> None:
        # A start,
        begun[operation_id] = monotonic()
        started.labels(TYPE, BACKEND).inc()
        in_flight.labels(TYPE, BACKEND).inc()
        # no more to say of the processing, and an end.
        ended.labels(TYPE, BACKEND, "completed").inc()
        in_flight.labels(TYPE, BACKEND).dec()
        latency.labels(TYPE, BACKEND).observe(monotonic() - begun.pop(operation_id))

    yield Contestant(call, nothing_to_do)


@contextmanager
def statsd(path: str) -> Iterator[Contestant]:
    """Statsd over UDP on the loopback, one packet an event, nothing acknowledged."""
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client,
    ):
        server.bind(("127.0.0.1", 0))
        client.connect(server.getsockname())
        begun: dict[str, float] = {}

        def call(operation_id: str) -> None:
            begun[operation_id] = monotonic()
            client.send(f"wal.{TYPE}.{BACKEND}.started:1|c".encode())
            client.send(f"wal.{TYPE}.{BACKEND}.processing:1|c".encode())
            milliseconds = 1000 * (monotonic() - begun.pop(operation_id))
            client.send(f"wal.{TYPE}.{BACKEND}.completed:{milliseconds:.3f}|ms".encode())

        yield Contestant(call, nothing_to_do)


CONTESTANTS: dict[str, Callable[[str], AbstractContextManager[Contestant]]] = {
    each.__name__: each
    for each in (nothing, emitter, bare_wal, attached, ipfs_kit_py, ipfs_kit_py_attached, prometheus, statsd)
}
