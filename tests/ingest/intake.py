"""The intake over a folder, as the daemon wires it, and who hands events to it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from telemetryd.ingest.ledger import Ledger
from telemetryd.ingest.recorder import Recorder
from telemetryd.ingest.recovery import recover, seed_window
from telemetryd.ingest.submission import Submission
from telemetryd.ingest.upkeep import Upkeep
from telemetryd.instrumentation import Instrumentation
from telemetryd.model.codec import encode_batch
from telemetryd.model.events import Event, OperationStart, StatusChange
from telemetryd.model.settings import Settings
from telemetryd.storage.catalog import Catalog
from telemetryd.storage.files import Files
from telemetryd.storage.folder import Folder
from telemetryd.storage.inventory import take_inventory
from telemetryd.storage.journal import ActiveSegment
from telemetryd.storage.records import Checkpoint
from tests.storage.samples import Row, rows_of, stored_rows

# A turn of the upkeep has to come to its rotation, however slow the disk is.
LONGEST_ROTATION = 60.0
# Nobody seals while a test waits for the recorder, which need not wait for that.
LONGEST_WAIT = 0.05
# The beginning of an hour, long ago.
HOUR = 1_700_000_000 // 3600 * 3600


class Quiet:
    """A logger that keeps its lines: what was said, and with which values."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, level: str) -> Any:
        return lambda line, **values: self.lines.append((line, values))


class Clock:
    """A clock that stands until a test moves it; it begins half an hour into an hour."""

    def __init__(self) -> None:
        self.now = HOUR + 1800.0

    def __call__(self) -> float:
        return self.now


class Answers:
    """Hands events in, and keeps the answers in their order."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []
        self.pending = 0
        self._settled = asyncio.Event()

    def acknowledge(self, number: int) -> None:
        self.told.append(("ack", number))

    def refuse(self, number: int, error: str, retry_after: float) -> None:
        self.told.append(("nack", number))

    def settled(self, size: int) -> None:
        self.pending -= size
        if not self.pending:
            self._settled.set()

    def submission(self, events: Sequence[Event], number: int = 0, producer: str = "wal") -> Submission:
        """Return a batch, or plain lines where ``number`` is 0, that this one waits for."""
        frame = encode_batch(number or 1, events)[:-1]
        self.pending += len(frame)
        self._settled.clear()
        return Submission(self, producer if number else "", number, events, frame, len(frame))

    async def all(self) -> None:
        """Wait until everything handed in is answered."""
        await asyncio.wait_for(self._settled.wait(), 30)


class Intake:
    """Ledger, recorder and upkeep over a folder; it can stop, crash and start again."""

    recorder: Recorder
    upkeep: Upkeep
    catalog: Catalog
    ledger: Ledger

    def __init__(self, files: Files, folder: Folder, clock: Clock, instrumentation: Instrumentation) -> None:
        self.files = files
        self.folder = folder
        self.clock = clock
        self.instrumentation = instrumentation
        self.settings = Settings()
        # By how much the clock was stepped (s): no time passed for that.
        self.stepped = 0.0
        self._running: asyncio.Task[None] | None = None

    def set(self, section: str, **changes: Any) -> None:
        """Change settings, as POST /config does."""
        changed = replace(getattr(self.settings, section), **changes)
        self.settings = replace(self.settings, **{section: changed})

    async def prepare(self) -> None:
        """Recover what the folder holds, and open the journal; nothing is recorded yet."""
        self.ledger = Ledger(self.settings, self.instrumentation)
        inventory = take_inventory(self.files, self.folder)
        self.catalog = inventory.catalog
        sealed = self.catalog.view()
        recovery = recover(self.files, self.folder, inventory, self.ledger, self.settings, self.instrumentation)
        seed_window(self.files, sealed, self.ledger, self.clock())
        self.recorder = Recorder(
            self.ledger,
            lambda: self.settings,
            self._create_segment,
            self.instrumentation,
            self.clock,
            LONGEST_WAIT,
        )
        await self.recorder.open(recovery)
        common = (self.files, self.folder, lambda: self.settings, self.instrumentation, self.clock)
        self.upkeep = Upkeep(
            self.recorder,
            self.catalog,
            *common,
            monotonic=lambda: self.clock() - self.stepped,
            longest_rotation=LONGEST_ROTATION,
        )

    def record(self) -> None:
        """Begin to record."""
        self._running = asyncio.create_task(self.recorder.run())

    async def start(self) -> None:
        await self.prepare()
        self.record()

    async def stop(self) -> None:
        """Drain, seal, and end, as the daemon does."""
        self.recorder.drain()
        await self._ended()
        self.upkeep.stop()
        await self.upkeep.run()

    async def crash(self) -> None:
        """End at once, with nothing drained."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait([self._running])

    async def store(self, events: Sequence[Event], number: int = 0, producer: str = "wal") -> list[tuple[Any, ...]]:
        """Hand events in and return the answers."""
        answers = Answers()
        self.recorder.submit(answers.submission(events, number, producer))
        await answers.all()
        return answers.told

    def rows(self) -> list[Row]:
        """Return all rows there are: in parts, waiting to be sealed, and in the head."""
        heads = [closed.head.columns for closed in self.recorder.backlog.closed]
        unsealed = [row for columns in (*heads, self.ledger.head.columns()) for row in rows_of(columns)]
        return sorted([*stored_rows(self.files, self.catalog.view()), *unsealed])

    def segments(self) -> list[str]:
        """Return the names in the journal."""
        return self.files.names(self.folder.journal)

    def in_flight(self) -> dict[str, list[int]]:
        """Return the numbers pending, processing and retrying of each series that has any."""
        series = zip(self.ledger.tracker.series.keys, self.ledger.tracker.in_flight, strict=True)
        return {str(key): counts for key, counts in series if any(counts)}

    async def _ended(self) -> None:
        assert self._running is not None
        await asyncio.wait_for(self._running, 30)

    def _create_segment(self, sequence: int, detailed: bool, state: bytes, books: dict[str, int]) -> ActiveSegment:
        # Without the books: events that come in here were not received by a listener.
        return ActiveSegment.create(self.files, self.folder, Checkpoint(sequence, detailed, state))


def start(operation_id: str, timestamp: float, operation_type: str = "add", backend: str = "ipfs") -> OperationStart:
    return OperationStart(operation_id, operation_type, backend, timestamp)


def change(operation_id: str, status: Any, timestamp: float, **more: Any) -> StatusChange:
    return StatusChange(operation_id, status, timestamp, **more)
