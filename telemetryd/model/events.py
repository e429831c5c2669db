"""Events as they come in, and the codes their words get in columns.

Shapes and bounds are those of the ingest protocol, version 1 (``docs/wire.md``).
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeAlias

from msgspec import Meta, Struct

LONGEST_WORD: Final = 64
LONGEST_ID: Final = 256
Word: TypeAlias = Annotated[str, Meta(min_length=1, max_length=LONGEST_WORD)]
OperationId: TypeAlias = Annotated[str, Meta(min_length=1, max_length=LONGEST_ID)]
Status: TypeAlias = Literal["pending", "processing", "retrying", "completed", "failed"]
Health: TypeAlias = Literal["online", "degraded", "offline", "unknown"]
Count: TypeAlias = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Bytes: TypeAlias = Annotated[int, Meta(ge=0, le=2**63 - 1)]
# Thirty years: longer is a mistake, and sums of such would leave the range of a float.
Seconds: TypeAlias = Annotated[float, Meta(ge=0, le=1e9)]


class OperationStart(Struct, frozen=True, gc=False, tag_field="event", tag="operation_start", omit_defaults=True):
    """An operation entered the WAL; ``timestamp`` in Unix seconds, ``size`` in bytes."""

    operation_id: OperationId
    operation_type: Word
    backend: Word
    timestamp: float
    size: Bytes | None = None


class StatusChange(Struct, frozen=True, gc=False, tag_field="event", tag="status_change", omit_defaults=True):
    """An operation entered ``status``; ``latency`` in seconds, where the WAL knows it."""

    operation_id: OperationId
    status: Status
    timestamp: float
    operation_type: Word | None = None
    backend: Word | None = None
    latency: Seconds | None = None
    retry_count: Count | None = None
    error: str | None = None
    error_type: str | None = None
    size: Bytes | None = None


class BackendHealthChange(
    Struct, frozen=True, gc=False, tag_field="event", tag="backend_health_change", omit_defaults=True
):
    """A backend's health became ``new_status``."""

    backend: Word
    new_status: Health
    timestamp: float
    old_status: Health | None = None


Event: TypeAlias = OperationStart | StatusChange | BackendHealthChange

# An event's kind, as a code in columns and as the word in Parquet's `event` column.
# `operation_expired` is the recorder's own: an operation that never ended left the
# table of operations in flight, by age or by number.
EVENTS: Final = ("operation_start", "status_change", "backend_health_change", "operation_expired")
OPERATION_START: Final = 0
STATUS_CHANGE: Final = 1
BACKEND_HEALTH_CHANGE: Final = 2
OPERATION_EXPIRED: Final = 3

# One table of codes for what an operation or a backend can be in.
STATES: Final = ("pending", "processing", "retrying", "completed", "failed", "online", "degraded", "offline", "unknown")
STATUSES: Final = STATES[:5]
IN_FLIGHT_STATUSES: Final = STATES[:3]
TERMINAL_STATUSES: Final = STATES[3:5]
HEALTHS: Final = STATES[5:]
PENDING: Final = 0
PROCESSING: Final = 1
RETRYING: Final = 2
COMPLETED: Final = 3
FAILED: Final = 4
ONLINE: Final = 5
DEGRADED: Final = 6
OFFLINE: Final = 7
UNKNOWN_HEALTH: Final = 8
# `previous` of a row that counts as an entry into its status but moves nothing in the queue:
# it came after the rows around it were sealed, or its operation has no known type and backend.
UNPLACED: Final = 254
NO_STATE: Final = 255

CODE_OF_STATE: Final = {word: code for code, word in enumerate(STATES)}

# The value of a backend's health; `unknown` has none and leaves a gap.
HEALTH_VALUES: Final = {ONLINE: 1.0, DEGRADED: 0.5, OFFLINE: 0.0}

# What an operation is called whose type or backend no event has told, and what the
# types and backends beyond the limits fold into.
UNKNOWN: Final = "unknown"
OTHER: Final = "other"
