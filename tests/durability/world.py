"""Producers, a daemon's intake and its disk: what was promised to whom, and whether it was kept."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine, Iterable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from telemetryd.config import Configuration, load
from telemetryd.instrumentation import Instrumentation
from telemetryd.model.codec import Hello, encode_batch
from telemetryd.model.errors import StorageError
from telemetryd.model.events import Event, OperationStart, StatusChange
from telemetryd.model.metrics import METRIC_TYPES
from telemetryd.model.timerange import TimeRange
from telemetryd.picture import snapshot
from telemetryd.query.engine import QueryEngine
from telemetryd.query.reader import Reader
from telemetryd.query.request import Filters, MetricsRequest
from telemetryd.storage.files import Files
from telemetryd.storage.folder import Folder
from tests.disk.disk import MOUNT
from tests.end_to_end.comparing import differences
from tests.ingest.intake import HOUR, Answers, Clock, Intake, Quiet, change, start
from tests.oracle.model import Model, Request
from tests.query.telling import told

METRICS_PATH = f"{MOUNT}/ipfs_kit/telemetry"
# Every event of a test lies in these hours.
SPAN = TimeRange(HOUR - 4 * 3600, HOUR + 36 * 3600)
# How often a producer comes again with what was refused before the test gives up.
TRIES = 12
# What is said of damage.
DAMAGE = ("JournalDamaged", "RecordsUndecodable", "CheckpointLost", "Quarantined")


@dataclass(frozen=True, slots=True)
class Batch:
    """A numbered batch of a producer; the operations that begin in it are of a type of its own."""

    producer: str
    number: int
    events: tuple[Event, ...]
    turn: int

    @property
    def key(self) -> tuple[str, int]:
        return self.producer, self.number

    @property
    def operation_type(self) -> str:
        return f"{self.producer}-{self.number}"

    @property
    def begun(self) -> int:
        return sum(isinstance(event, OperationStart) for event in self.events)


class Promises:
    """What producers sent, in order, and the last batch of each that they were told is on disk.

    A welcome promises as much as an acknowledgement: a producer forgets what either covers. Batches
    that are ``retired`` are older than the retention: nothing is promised of them any more. The rows of
    those that are ``brief`` need not be kept, for they came in while details were not. Nothing is told to be
    damaged that is not: ``damaged`` says that something is.
    """

    def __init__(self) -> None:
        self.sent: list[Batch] = []
        self.kept: dict[str, int] = {}
        self.retired: frozenset[tuple[str, int]] = frozenset()
        self.brief: set[tuple[str, int]] = set()
        self.damaged = False

    def promise(self, producer: str, number: int) -> None:
        self.kept[producer] = max(number, self.kept.get(producer, 0))

    def next(self, producer: str, events: Sequence[Event]) -> Batch:
        """Return the producer's next batch, which is on its way from here on."""
        batch = Batch(producer, 1 + sum(each.producer == producer for each in self.sent), tuple(events), len(self.sent))
        self.sent.append(batch)
        return batch

    def unsettled(self, producer: str) -> list[Batch]:
        """Return what the producer still has to send again."""
        return [each for each in self.sent if each.producer == producer and each.number > self.kept.get(producer, 0)]

    @property
    def producers(self) -> list[str]:
        return list(dict.fromkeys(each.producer for each in self.sent))

    def copy(self) -> Promises:
        copy = Promises()
        copy.sent, copy.kept, copy.retired, copy.brief = list(self.sent), dict(self.kept), self.retired, set(self.brief)
        copy.damaged = self.damaged
        return copy


class Ear(Answers):
    """Hears what becomes of a producer's batches, and takes the daemon at its word at once."""

    def __init__(self, promises: Promises, producer: str) -> None:
        super().__init__()
        self._promises = promises
        self._producer = producer

    def acknowledge(self, number: int) -> None:
        super().acknowledge(number)
        self._promises.promise(self._producer, number)


class World:
    """An intake over a disk, and those who send to it."""

    def __init__(self, disk: Files, promises: Promises | None = None, clock: Clock | None = None) -> None:
        self.disk = disk
        self.promises = promises or Promises()
        self.clock = clock or Clock()
        self.intake = Intake(disk, Folder(disk, METRICS_PATH), self.clock, Instrumentation(Quiet()))
        self.intake.set("storage", seal_grace=60, late_quiet=0)
        self._held = ExitStack()

    async def start(self) -> None:
        """Start as the daemon does, which is started again where it cannot, and welcome every producer."""
        for _ in range(TRIES):
            try:
                self._held.enter_context(self.intake.folder.locked())
                await self.intake.start()
            except (OSError, StorageError) as error:
                self._held.close()
                refused = error
            else:
                break
        else:
            raise refused
        for producer in self.promises.producers:
            await self.greet(producer)

    async def greet(self, producer: str) -> None:
        """A producer says hello and forgets what it hears is stored."""
        self.intake.recorder.greet(Hello(producer, 1, 0), lambda last: self.promises.promise(producer, last))

    async def stop(self) -> None:
        """Drain, seal and end, as at SIGTERM."""
        await self.intake.stop()
        self._held.close()

    async def end(self) -> None:
        """End at once; what is on the disk stays as it is."""
        recording = self.intake._running
        await self.intake.crash()
        if recording is not None and not recording.cancelled():
            recording.exception()
        if hasattr(self.intake, "upkeep"):
            self.intake.upkeep._disk.shutdown()
        self._held.close()

    def events(
        self, producer: str, count: int = 1, at: float | None = None, *, open_one: bool = False, ahead: int = 0
    ) -> list[Event]:
        """Return operations that begin, and end but for the last where ``open_one`` is true.

        They are for the producer's next batch, or, where it sends several together, for one ``ahead`` of it.
        """
        number = 1 + ahead + sum(each.producer == producer for each in self.promises.sent)
        at = self.clock.now - 5 if at is None else at
        found: list[Event] = []
        for each in range(count):
            operation_id, begun = f"{producer}-{number}-{each}", at + each / 8
            found.append(start(operation_id, begun, f"{producer}-{number}"))
            if not (open_one and each == count - 1):
                found.append(change(operation_id, ("completed", "failed")[number % 2], begun + 0.5))
        return found

    async def send(self, *sendings: tuple[str, Sequence[Event]]) -> None:
        """Hand batches in together, each a producer's next one: the recorder takes them in one turn.

        What their producers still have goes before, and what is refused comes again until it is stored.
        """
        producers = list(dict.fromkeys(producer for producer, _ in sendings))
        left = [batch for producer in producers for batch in self.promises.unsettled(producer)]
        told = await self.submit([*left, *(self.promises.next(producer, events) for producer, events in sendings)])
        if any(answer[0] == "nack" for answer in told):
            for producer in producers:
                await self.resend(producer)

    async def stream(self, producer: str, batches: int) -> None:
        """Hand batches in one after the other, without a wait for answers: each comes in a turn of its own."""
        await self.resend(producer)
        ear = Ear(self.promises, producer)
        for _ in range(batches):
            self._hand_in(self.promises.next(producer, self.events(producer)), ear)
            for _ in range(3):
                await asyncio.sleep(0)
        await self._until(ear.all())
        if any(answer[0] == "nack" for answer in ear.told):
            await self.resend(producer)

    async def resend(self, producer: str) -> None:
        """Say hello and send what is not stored, as a producer does that came back; it comes again until all is."""
        for _ in range(TRIES):
            await self.greet(producer)
            unsettled = self.promises.unsettled(producer)
            if not unsettled:
                return
            await self.submit(unsettled)
        raise AssertionError(f"expected {producer} to be rid of its batches in {TRIES} tries, found {unsettled}")

    async def submit(self, batches: Sequence[Batch]) -> list[tuple[Any, ...]]:
        """Hand batches in together and return the answers."""
        ears: dict[str, Ear] = {}
        for batch in batches:
            self._hand_in(batch, ears.setdefault(batch.producer, Ear(self.promises, batch.producer)))
        for ear in ears.values():
            await self._until(ear.all())
        return [answer for ear in ears.values() for answer in ear.told]

    def _hand_in(self, batch: Batch, ear: Ear) -> None:
        if not self.intake.settings.telemetry.enable_detailed_timing:
            self.promises.brief.add(batch.key)
        self.intake.recorder.submit(ear.submission(batch.events, batch.number, batch.producer))

    async def rotate(self) -> None:
        """Freeze the head."""
        await self._until(asyncio.wait_for(self.intake.recorder.rotate(), 30))

    async def _until(self, done: Coroutine[Any, Any, None]) -> None:
        """Wait for something that the recorder does, or for the recorder's end where the power goes meanwhile."""
        recording, waiting = self.intake._running, asyncio.ensure_future(done)
        assert recording is not None
        await asyncio.wait([recording, waiting], return_when=asyncio.FIRST_COMPLETED)
        if recording.done():
            waiting.cancel()
            recording.result()
        await waiting

    async def keep_house(self, *steps: str) -> None:
        """Do some of what the upkeep does in a turn; what the disk refuses is left for another one."""
        for step in steps:
            with suppress(OSError, StorageError):
                await getattr(self.intake.upkeep, step)()

    async def tidy(self) -> None:
        """Rotate, seal, compact, and make files of days."""
        await self.rotate()
        await self.keep_house("seal", "compact", "summarise")

    async def answer(self) -> dict[str, Any]:
        """Return what ``GET /metrics`` says of all there is, by series, in one cell an hour."""
        recorder, catalog = self.intake.recorder, self.intake.catalog
        engine = QueryEngine(
            lambda: snapshot(recorder, catalog, lambda: self.intake.settings, self.clock),
            lambda: self.intake.settings,
            Reader(self.disk, catalog.carry),
            self.intake.upkeep.set_aside,
        )
        try:
            return told(await engine.metrics(MetricsRequest(METRIC_TYPES, Filters(), SPAN, 3600, None)))
        finally:
            engine.close()

    async def verify(self) -> list[Batch]:
        """Check that promises are kept and that all numbers are right; return the batches that are stored."""
        answer = await self.answer()
        retired = [batch for batch in self.promises.sent if batch.key in self.promises.retired]
        stored = [batch for batch in self.promises.sent if batch in retired or self._is_stored(batch, answer)]
        for batch in self.promises.sent:
            if batch.number <= self.promises.kept.get(batch.producer, 0):
                assert batch in stored, f"{batch.key} was acknowledged, and is lost"
        for producer in self.promises.producers:
            numbers = [batch.number for batch in stored if batch.producer == producer]
            assert numbers == list(range(1, len(numbers) + 1)), f"a batch of {producer} was overtaken: {numbers}"
            last = self.intake.ledger.producers.named(producer).last_batch
            assert last == len(numbers), (
                f"{producer}: expected {len(numbers)} to be known as the last batch, found {last}"
            )
        expected = expected_answer(stored, self.clock.now)
        different = differences(without(expected, retired), without(answer, retired), until_now=True)
        assert not different, different
        self._verify_rows(stored)
        counts = self.intake.instrumentation.counts
        told_of = {name: counts[name] for name in DAMAGE if counts[name]}
        assert self.promises.damaged or not told_of, f"damage is told where there is none: {told_of}"
        return stored

    def _is_stored(self, batch: Batch, answer: dict[str, Any]) -> bool:
        """Whether a batch is stored; it is wholly or not at all, and its starts are counted once."""
        cells = answer["metrics"].get("operation_count", {}).get(batch.operation_type, {})
        started = sum(cell["by_status"]["pending"] for samples in cells.values() for cell in samples)
        assert started in (0, batch.begun), f"{batch.key}: expected {batch.begun} starts or none, found {started}"
        return bool(started)

    def _verify_rows(self, stored: Sequence[Batch]) -> None:
        """Check that each row that is to be kept is there, and each that is was sent, once, with a sequence of its own."""
        rows = self.intake.rows()
        found = [(row[-1], row[0]) for row in rows]
        dropped = self.promises.brief | self.promises.retired
        assert len(found) == len(set(found)), "a row is stored twice"
        assert set(found) <= _rows_of(stored), "a row is stored that was not sent"
        assert _rows_of(batch for batch in stored if batch.key not in dropped) <= set(found), "a row is lost"
        sequences = [row[1] for row in rows]
        assert len(sequences) == len(set(sequences)), "two rows have one sequence"


def configuration_on(disk: Files) -> Configuration:
    """Return the configuration that a daemon over this disk starts with."""
    return load({"telemetry.metrics_path": ("--metrics-path", METRICS_PATH)}, {}, None, disk)


def expected_answer(stored: Sequence[Batch], now: float) -> dict[str, Any]:
    """Return what the oracle says of some batches."""
    return _answer_to(tuple(encode_batch(1, batch.events) for batch in stored), now)


@lru_cache(64)
def _answer_to(lines: tuple[bytes, ...], now: float) -> dict[str, Any]:
    # Few sets of batches are stored, in many ways.
    events = [event for line in lines for event in json.loads(line)["events"]]
    return Model(events).answer(Request(start_time=SPAN.start, end_time=SPAN.end, interval=3600), now)


def _rows_of(batches: Iterable[Batch]) -> set[tuple[str, int]]:
    """Return operation and timestamp (µs) of each event."""
    return {
        (event.operation_id, round(event.timestamp * 1e6))
        for batch in batches
        for event in batch.events
        if isinstance(event, OperationStart | StatusChange)
    }


def without(answer: dict[str, Any], batches: Sequence[Batch]) -> dict[str, Any]:
    """Return an answer that says nothing of the operations that began in some batches."""
    left_out = {batch.operation_type for batch in batches}
    metrics = {
        name: {key: samples for key, samples in metric.items() if key not in left_out}
        for name, metric in answer["metrics"].items()
    }
    return {**answer, "metrics": {name: metric for name, metric in metrics.items() if metric}}
