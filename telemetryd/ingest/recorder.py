"""The recorder: the one writer of journal, ledger and head.

Each turn takes all that has come in, writes it to the journal in one go, waits for one
fdatasync, applies it, and only then answers: a group commit. What is not on disk changes
nothing and is acknowledged to nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from telemetryd.instrumentation import Instrumentation
from telemetryd.instrumentation.events import JournalFailed, OperationsExpired
from telemetryd.model.codec import Hello, encode_batch
from telemetryd.model.errors import StorageError
from telemetryd.model.settings import Settings
from telemetryd.storage.journal import ActiveSegment, first_sequence_of
from telemetryd.storage.records import EventsRecord, ExpiredRecord, Record, encode_record

from .ledger import Ledger
from .pace import Pace
from .producers import Verdict
from .segments import LONGEST_WAIT, MAX_HEADS, MAX_SEGMENTS, Backlog, ClosedSegment, Recovery
from .submission import Submission
from .verdicts import Verdicts
from .welcomes import Welcome, Welcomes

# A segment is rotated at this size even where its head has room for more rows.
SEGMENT_BYTES = 64 << 20
CROWDED = "too many heads wait to be sealed: the disk takes no parts, or not fast enough"

P = ParamSpec("P")
R = TypeVar("R")
CreateSegment = Callable[[int, bool, bytes, dict[str, int]], ActiveSegment]


class Recorder:
    """Takes submissions, in order, and makes them durable.

    ``backlog`` is what waits for the sealer. While no segment is open the head is empty: every
    way that gives a segment up freezes the head in the same step.
    ``create_segment(first_sequence, detailed, state, books)`` opens the next segment and may raise OSError.
    Where too much waits for the sealer, intake waits for it, ``longest_wait`` s at most.
    """

    def __init__(
        self,
        ledger: Ledger,
        settings: Callable[[], Settings],
        create_segment: CreateSegment,
        instrumentation: Instrumentation,
        clock: Callable[[], float],
        longest_wait: float = LONGEST_WAIT,
    ) -> None:
        self.ledger = ledger
        self.backlog = Backlog(longest_wait)
        self.pace = Pace(took=partial(instrumentation.took, "journal"))
        self._failure = ""
        self._crowded = False
        self._verdicts = Verdicts(ledger.producers, instrumentation)
        self._welcomes = Welcomes(ledger.producers)
        self._settings = settings
        self._create_segment = create_segment
        self._instrumentation = instrumentation
        self._clock = clock
        self._segment: ActiveSegment | None = None
        self._detailed = settings().telemetry.enable_detailed_timing
        self._pending: list[Submission] = []
        self._rotations: list[asyncio.Future[None]] = []
        self._wake = asyncio.Event()
        self._draining = False
        self._ended = False
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="journal")

    async def open(self, recovery: Recovery) -> None:
        """Go on from what was recovered, in a new segment; raises :class:`StorageError`."""
        self.backlog.begin(recovery)
        if self.ledger.sequence in map(first_sequence_of, recovery.empty):
            # The last segment has the name that the new one would get.
            self.ledger.skip_to(self.ledger.sequence + 1)
        try:
            await self._open()
        except OSError as error:
            raise StorageError(f"the journal cannot be opened: {error}") from None

    def submit(self, submission: Submission) -> None:
        """Hand events in; the answer comes through the submission's respondent."""
        self._pending.append(submission)
        self.pace.handed_in()
        self._welcomes.submitted(submission)
        self._wake.set()

    @property
    def checkpointed(self) -> bool:
        """Whether a segment stands after those that are closed, so that these may be removed."""
        return self._segment is not None

    @property
    def problem(self) -> str:
        """Why nothing can be stored at the moment, or nothing."""
        return self._failure or (CROWDED if self._crowded and self._is_crowded else "")

    def nudge(self) -> None:
        """Take a turn even where nothing came in, so that operations can expire."""
        self._wake.set()

    def greet(self, hello: Hello, welcome: Welcome) -> None:
        """Call ``welcome`` with the last batch of a producer on disk, once all it has submitted is settled."""
        self._welcomes.greet(hello, welcome)

    async def rotate(self) -> None:
        """Freeze the head and begin a new segment, after what has been submitted; then return."""
        if self._draining or self._ended:
            return
        done = asyncio.get_running_loop().create_future()
        self._rotations.append(done)
        self._wake.set()
        await done

    def drain(self) -> None:
        """Let :meth:`run` return once everything submitted is stored and the head is frozen."""
        self._draining = True
        self._wake.set()

    async def run(self) -> None:
        """Record until drained."""
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                group, self._pending = self._pending, []
                rotations = len(self._rotations)
                if self._segment is None:
                    await self._reopen()
                if self._detailed != self._settings().telemetry.enable_detailed_timing:
                    # A segment's rows are kept, or not, as a whole.
                    await self._rotate()
                await self._record(group)
                if (rotations and len(self.ledger.head)) or self._full:
                    await self._rotate()
                self._rotated(rotations)
                self.pace.turned(more=bool(self._pending))
                if self._draining and not self._pending:
                    await self._close()
                    return
        finally:
            # Whatever ended this: nobody is left waiting.
            self._ended = True
            self._rotated(len(self._rotations))
            self._disk.shutdown()

    def _rotated(self, count: int) -> None:
        for done in self._rotations[:count]:
            if not done.done():
                done.set_result(None)
        del self._rotations[:count]

    @property
    def _full(self) -> bool:
        rows = len(self.ledger.head)
        return rows >= self._settings().storage.head_rows or (
            self._segment is not None and self._segment.size >= SEGMENT_BYTES
        )

    async def _record(self, group: Sequence[Submission]) -> None:
        now = self._clock()
        verdicts = self._verdicts.judge(group, enabled=self._settings().telemetry.enabled)
        stored = [each for each, verdict in zip(group, verdicts, strict=True) if verdict is Verdict.STORE]
        overdue = self.ledger.overdue(now, (event for each in stored for event in each.events))
        records: list[Record] = []
        sequence = self.ledger.sequence
        for each in stored:
            records.append(EventsRecord(sequence, now, each.producer, each.number, each.frame))
            sequence += len(each.events)
        for each, verdict in zip(group, verdicts, strict=True):
            if verdict is Verdict.DISCARD and each.number:
                # Acknowledged is on disk, and of these it is the number alone.
                frame = encode_batch(each.number, ())[:-1]
                records.append(EventsRecord(sequence, now, each.producer, each.number, frame))
        if overdue:
            records.append(ExpiredRecord(sequence, now, overdue))
        if records and not await self._write(records):
            self._verdicts.refuse_all(group, self.problem)
        else:
            for each in stored:
                self.ledger.apply_events(each.events, each.producer, each.number, now)
                # Readers must not wait for a whole group.
                await asyncio.sleep(0)
            if overdue:
                self.ledger.apply_expired(overdue, now)
                self._instrumentation.emit(OperationsExpired(len(overdue)))
            self._verdicts.answer(group, verdicts)
        self._welcomes.settled(group)

    async def _write(self, records: list[Record]) -> bool:
        """Make records durable; return whether they are."""
        while self._is_crowded:
            self.pace.crowded()
            self._crowded = not await self.backlog.relief()
            if self._crowded:
                return False
        try:
            segment = self._segment or await self._open()
            await self._on_disk(_append, segment, records)
        except OSError as error:
            self._failed(error, len(records))
            self._abandon()
            return False
        self._failure = ""
        return True

    @property
    def _is_crowded(self) -> bool:
        return self.backlog.over(MAX_HEADS * self._settings().storage.head_rows, MAX_SEGMENTS)

    def _failed(self, error: OSError, records: int) -> None:
        self._failure = f"the journal cannot be written: {error}"
        self._instrumentation.emit(JournalFailed(str(error), records))

    async def _rotate(self) -> None:
        """Freeze the head; where the next segment cannot be opened, the next turn tries again."""
        old, self._segment = self._segment, None
        detailed, self._detailed = self._detailed, self._settings().telemetry.enable_detailed_timing
        frozen = self.ledger.freeze(detailed)
        if old is None:
            return
        if frozen is None:
            # The next segment begins at the same sequence, so it takes the place of this one.
            old.abandon()
            await self._reopen()
            return
        closed = ClosedSegment(frozen, old.path, final=False)
        self.backlog.add(closed)
        try:
            await self._on_disk(old.close)
        except OSError as error:
            self._failed(error, 0)
        closed.path, closed.final = old.path, True
        await self._reopen()
        self.backlog.grown.set()

    def _abandon(self) -> None:
        """Give up a segment after a failed write: what is known good stays, a failed sync is never retried.

        What the write may have left in it is passed over at replay, for the next segment begins
        at its sequence. A segment without rows of its own stays, for it may hold the only
        checkpoint; the next one takes its name and its place.
        """
        old, self._segment = self._segment, None
        if old is None:
            return
        old.abandon()
        frozen = self.ledger.freeze(self._detailed)
        if frozen is not None:
            self.backlog.add(ClosedSegment(frozen, old.path))

    async def _reopen(self) -> None:
        """Open a segment where the last one was given up: without its checkpoint nothing closed can be sealed."""
        try:
            await self._open()
        except OSError as error:
            self._failed(error, 0)
        else:
            self._failure = ""

    async def _close(self) -> None:
        """Leave a segment without rows behind: its checkpoint is what the next start goes on from."""
        if len(self.ledger.head):
            await self._rotate()
        if self._segment is None:
            await self._reopen()
        if self._segment is not None:
            try:
                await self._on_disk(self._segment.close)
            except OSError as error:
                self._failed(error, 0)

    async def _open(self) -> ActiveSegment:
        # Here and not in the thread, while which more comes in.
        books = self._instrumentation.totals()
        self._segment = await self._on_disk(self._create, self.ledger.sequence, self._detailed, books)
        return self._segment

    def _create(self, first_sequence: int, detailed: bool, books: dict[str, int]) -> ActiveSegment:
        # Megabytes, and nobody changes the ledger while its recorder waits.
        return self._create_segment(first_sequence, detailed, self.ledger.checkpoint(), books)

    async def _on_disk(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        with self.pace.on_disk():
            return await asyncio.get_running_loop().run_in_executor(self._disk, partial(call, *args, **kwargs))


def _append(segment: ActiveSegment, records: list[Record]) -> None:
    # Checksums of megabytes are made here, in a thread, and not on the loop.
    segment.append([encode_record(record) for record in records])
    segment.sync()
