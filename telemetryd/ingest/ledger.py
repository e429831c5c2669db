"""All state that a replay of the journal rebuilds, and the only ways it changes.

The recorder applies what it has just made durable, recovery applies what it reads back:
the same two calls, so that a clean stop and a crash start alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec
from msgspec import Struct

from telemetryd.instrumentation import Instrumentation
from telemetryd.live.checkpoint import encode_tracker, restore_tracker
from telemetryd.live.rows import Rows
from telemetryd.live.series import Words
from telemetryd.live.tracker import Tracker
from telemetryd.live.window import Window, size_for
from telemetryd.model.errors import CorruptFile
from telemetryd.model.events import Event
from telemetryd.model.settings import Settings
from telemetryd.storage.head import FrozenHead, Head, Names

from .producers import Producers

# Producers that keep a name of their own in the rows; the rest are `other`.
MAX_PRODUCER_NAMES = 10_000


class _State(Struct, array_like=True):
    producers: list[tuple[str, int]]
    tracker: bytes


class Ledger:
    """The tracker, the window, the producers, and the rows that are not in a part yet.

    ``sequence`` is that of the next row. ``hours`` tells for each UTC hour with rows in the
    head when the last of them came, and ``since`` when the first of all did (Unix s; None without
    rows). ``leaving`` is shown each head before it is given away.
    """

    def __init__(self, settings: Settings, instrumentation: Instrumentation) -> None:
        self._settings = settings
        self._instrumentation = instrumentation
        self.sequence = 1
        self.hours: dict[int, float] = {}
        self.since: float | None = None
        self.leaving: Callable[[Head], None] = lambda head: None
        self._empty()

    def _empty(self) -> None:
        """Begin with nothing known, at the sequence where we are."""
        self.tracker = Tracker(self._settings.live, self._instrumentation)
        self.window = Window(size_for(self._settings.live.max_series))
        self.producers = Producers(self._settings.ingest.max_producers)
        self._producer_names = Words(MAX_PRODUCER_NAMES)
        self._names = Names(
            self.tracker.series.operation_types.names,
            self.tracker.series.backends.names,
            self.tracker.series.type_code,
            self.tracker.series.backend_code,
            self.tracker.error_types.names,
            self._producer_names.names,
        )
        self.head = Head(self.sequence, self._names)

    def apply_events(self, events: Sequence[Event], producer: str, number: int, received: float) -> None:
        """Apply events that are on disk, as the rows from ``sequence`` on."""
        rows = self.tracker.apply(events, self.sequence)
        self._take(rows, self._producer_names.code(producer), received)
        if number:
            self.producers.stored(producer, number)

    def overdue(self, now: float, told: Iterable[Event]) -> list[str]:
        """Return the operations that have to expire, but for those that events which come now tell of: they may have ended."""
        overdue = self.tracker.table.overdue(now)
        if overdue:
            lately = {getattr(event, "operation_id", None) for event in told}
            return [operation_id for operation_id in overdue if operation_id not in lately]
        return overdue

    def apply_expired(self, operation_ids: Sequence[str], at: float) -> None:
        """Apply the expiry of operations, which is on disk."""
        self._take(self.tracker.expire(operation_ids, at, self.sequence), 0, at)

    def freeze(self, detailed: bool) -> FrozenHead | None:
        """Give the head away for sealing and begin a new one; None where it holds no rows."""
        self.leaving(self.head)
        frozen = self.head.freeze(self.sequence - 1, detailed) if len(self.head) else None
        self.tracker.table.seal(self.sequence - 1)
        self.hours = {}
        self.since = None
        self.head = Head(self.sequence, self._names)
        return frozen

    def skip_to(self, sequence: int) -> None:
        """Begin an empty head at a later sequence."""
        self.sequence = sequence
        self.freeze(detailed=True)

    def checkpoint(self) -> bytes:
        """Return the state as bytes; only right after :meth:`freeze`, for it tells nothing of rows."""
        return msgspec.msgpack.encode(_State(self.producers.state(), encode_tracker(self.tracker)))

    def restore(self, state: bytes, sequence: int) -> None:
        """Take a checkpoint's state in place of all that is known; raises :class:`CorruptFile`.

        The head has to be empty.
        """
        decoded = _decoded(state)
        self._empty()
        restore_tracker(self.tracker, decoded.tracker)
        self.producers.restore(decoded.producers)
        self.skip_to(sequence)

    def restore_producers(self, state: bytes) -> None:
        """Take what a checkpoint's state says of producers, beside all else that is known; raises :class:`CorruptFile`."""
        self.producers.restore(_decoded(state).producers)

    def _take(self, rows: Rows, producer: int, received: float) -> None:
        self.head.append(
            rows.timestamp,
            rows.event,
            rows.series,
            rows.status,
            rows.previous,
            rows.latency,
            rows.retry_count,
            rows.size,
            rows.error_type,
            producer,
            rows.operation_id,
        )
        # Patches may speak of rows of this very batch, so they come after it.
        for patch in rows.patches:
            if patch.sequence > self.tracker.table.sealed:
                self.head.patch(patch.sequence, series=patch.series, previous=patch.previous, latency=patch.latency)
        if len(rows.ended):
            self.window.add(rows.ended, received)
        if len(rows):
            if self.since is None:
                self.since = received
            for hour in _hours(rows.timestamp):
                self.hours[hour] = received
        self.sequence += len(rows)


def _hours(timestamps: Sequence[float]) -> set[int]:
    """Return the UTC hours that some instants are in, as they are stored: to the microsecond."""
    first, last = (round(each * 1e6) // 3_600_000_000 for each in (min(timestamps), max(timestamps)))
    if first == last:
        return {first * 3600}
    return {round(each * 1e6) // 3_600_000_000 * 3600 for each in timestamps}


def _decoded(state: bytes) -> _State:
    try:
        return msgspec.msgpack.decode(state, type=_State)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CorruptFile(f"checkpoint: expected a ledger's state: {error}") from None
