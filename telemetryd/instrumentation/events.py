"""The catalogue of internal events: everything the daemon can say of itself, each a type.

``says`` is the log line, ``level`` its level. A ``quiet`` kind can come once per frame or
event of a producer, so only its 1st, 10th, 100th … occurrence is logged; all are counted.
"""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct


class InternalEvent(Struct, frozen=True):
    """Something that happened to the daemon itself."""

    says: ClassVar[str] = "event"
    level: ClassVar[str] = "info"
    quiet: ClassVar[bool] = False


class Serving(InternalEvent, frozen=True):
    """The daemon is ready; ``url`` is where the API is; ``unix:/path`` is a Unix socket."""

    says: ClassVar[str] = "serving"
    url: str
    socket: str | None
    metrics_path: str
    replayed: int


class Draining(InternalEvent, frozen=True):
    """The daemon was asked to stop and finishes what it has taken."""

    says: ClassVar[str] = "draining"
    signal: str


class Stopped(InternalEvent, frozen=True):
    """Everything taken is stored; the books at the end."""

    says: ClassVar[str] = "stopped"
    received: int
    stored: int
    duplicate: int
    rejected: int
    discarded: int


class ConnectionOpened(InternalEvent, frozen=True):
    """A process connected to the ingest socket; ids by SO_PEERCRED."""

    says: ClassVar[str] = "connection opened"
    pid: int
    uid: int
    gid: int


class ProducerAttached(InternalEvent, frozen=True):
    """A producer said hello."""

    says: ClassVar[str] = "producer attached"
    producer: str
    last_batch: int
    dropped: int
    pid: int
    uid: int
    gid: int


class ProducerShared(InternalEvent, frozen=True):
    """Two connections say they are the same producer: one's batches may be taken for the other's."""

    says: ClassVar[str] = "producer attached twice"
    level: ClassVar[str] = "warning"
    quiet: ClassVar[bool] = True
    producer: str


class ConnectionRefused(InternalEvent, frozen=True):
    """More connections than ``ingest.max_connections`` allows."""

    says: ClassVar[str] = "connection refused"
    level: ClassVar[str] = "warning"
    quiet: ClassVar[bool] = True
    limit: int


class ConnectionCut(InternalEvent, frozen=True):
    """A connection did not read its answers, so it was closed to bound memory."""

    says: ClassVar[str] = "connection cut: its answers are not read"
    level: ClassVar[str] = "warning"
    quiet: ClassVar[bool] = True
    unread_bytes: int


class Refused(InternalEvent, frozen=True):
    """A frame or an event of a producer was not taken."""

    says: ClassVar[str] = "rejected"
    level: ClassVar[str] = "warning"
    quiet: ClassVar[bool] = True
    reason: str
    message: str


class BatchGap(InternalEvent, frozen=True):
    """A producer's batch numbers skipped some."""

    says: ClassVar[str] = "batch gap"
    level: ClassVar[str] = "warning"
    quiet: ClassVar[bool] = True
    producer: str
    expected: int
    found: int


class SeriesFolded(InternalEvent, frozen=True):
    """An operation type or a backend beyond the limits was folded into ``other``."""

    says: ClassVar[str] = "series folded into other"
    level: ClassVar[str] = "warning"
    quiet: ClassVar[bool] = True
    operation_type: str
    backend: str


class StatusRepeated(InternalEvent, frozen=True):
    """An operation was told the status it was already in."""

    says: ClassVar[str] = "status repeated"
    level: ClassVar[str] = "debug"
    quiet: ClassVar[bool] = True
    operation_id: str


class StatusContradicted(InternalEvent, frozen=True):
    """An ended operation was told another status; the first end stays."""

    says: ClassVar[str] = "status after the end"
    level: ClassVar[str] = "debug"
    quiet: ClassVar[bool] = True
    operation_id: str


class OperationsExpired(InternalEvent, frozen=True):
    """Operations that never ended left the table of operations in flight."""

    says: ClassVar[str] = "operations expired"
    level: ClassVar[str] = "warning"
    quiet: ClassVar[bool] = True
    operations: int


class JournalFailed(InternalEvent, frozen=True):
    """A write or a sync of the journal failed; nothing of the group was stored."""

    says: ClassVar[str] = "journal failed"
    level: ClassVar[str] = "error"
    quiet: ClassVar[bool] = True
    error: str
    records: int


class Sealed(InternalEvent, frozen=True):
    """A segment's rows became parts."""

    says: ClassVar[str] = "sealed"
    rows: int
    parts: int
    first: int
    last: int


class Compacted(InternalEvent, frozen=True):
    """The parts of an hour became one."""

    says: ClassVar[str] = "compacted"
    hour: str
    parts: int


class Summarised(InternalEvent, frozen=True):
    """The file of a day was made of its hours."""

    says: ClassVar[str] = "day summarised"
    day: str
    hours: int


class Removed(InternalEvent, frozen=True):
    """A partition older than the retention was removed."""

    says: ClassVar[str] = "partition removed"
    hour: str


class UpkeepFailed(InternalEvent, frozen=True):
    """Sealing, compaction or retention failed; it is tried again."""

    says: ClassVar[str] = "upkeep failed"
    level: ClassVar[str] = "error"
    error: str


class Recovered(InternalEvent, frozen=True):
    """The journal was replayed at start."""

    says: ClassVar[str] = "recovered"
    segments: int
    rows: int
    torn_bytes: int


class Quarantined(InternalEvent, frozen=True):
    """A file could not be read and was set aside."""

    says: ClassVar[str] = "quarantined"
    level: ClassVar[str] = "error"
    path: str
    error: str


class ClockStepped(InternalEvent, frozen=True):
    """The host's clock was stepped ahead: nothing is removed by its word for a while."""

    says: ClassVar[str] = "clock stepped ahead: nothing is removed for an hour"
    level: ClassVar[str] = "warning"
    seconds: int


class TaskFailed(InternalEvent, frozen=True):
    """A task that should run for ever returned or raised."""

    says: ClassVar[str] = "task failed"
    level: ClassVar[str] = "critical"
    task: str
    error: str


class StartFailed(InternalEvent, frozen=True):
    """The daemon could not start."""

    says: ClassVar[str] = "cannot start"
    level: ClassVar[str] = "error"
    error: str


class RequestFailed(InternalEvent, frozen=True):
    """A request met an error that nobody expected: a bug."""

    says: ClassVar[str] = "request failed"
    level: ClassVar[str] = "error"
    operation: str
    error: str
