"""Upkeep of the store: what is frozen is sealed, finished hours are compacted, old ones removed.

Everything that touches the disk runs in a thread of its own; what becomes visible does so in
one step on the event loop, so that a reader sees each row exactly once.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from telemetryd.instrumentation import Instrumentation
from telemetryd.instrumentation.events import (
    ClockStepped,
    Compacted,
    Quarantined,
    Removed,
    Sealed,
    Summarised,
    UpkeepFailed,
)
from telemetryd.model.errors import StorageError
from telemetryd.model.settings import Settings
from telemetryd.model.timerange import HOUR, date_of, day_of, partition_of
from telemetryd.storage import compactor, days, retention, sealer
from telemetryd.storage.catalog import Catalog, HourParts
from telemetryd.storage.files import Files
from telemetryd.storage.folder import Folder
from telemetryd.storage.merging import LostPart
from telemetryd.storage.part_name import Part

from .recorder import Recorder

P = ParamSpec("P")
R = TypeVar("R")

# How often the conditions are looked at, in seconds.
TURN = 1.0
# A late event may wait this long for others of its hour before they are sealed, in seconds.
LONGEST_QUIET = 60.0


class Upkeep:
    """Keeps the store in order; a turn waits ``longest_rotation`` s for the recorder to freeze the head."""

    def __init__(
        self,
        recorder: Recorder,
        catalog: Catalog,
        files: Files,
        folder: Folder,
        settings: Callable[[], Settings],
        instrumentation: Instrumentation,
        clock: Callable[[], float],
        may_remove: Callable[[], bool] = lambda: True,
        monotonic: Callable[[], float] = time.monotonic,
        longest_rotation: float = TURN,
    ) -> None:
        # What each step could not do the last time it tried.
        self._problems: dict[str, str] = {}
        self._monotonic = monotonic
        self._longest_rotation = longest_rotation
        self._steps = retention.StepWatch()
        self._may_remove = may_remove
        self._recorder = recorder
        self._catalog = catalog
        self._files = files
        self._folder = folder
        self._settings = settings
        self._instrumentation = instrumentation
        self._clock = clock
        self._stopping = False
        # Parts that the catalog no longer names and that could not be removed yet.
        self._leftovers: list[tuple[Part, ...]] = []
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="upkeep")

    async def run(self) -> None:
        """Keep house until stopped; the last turn seals what the recorder has left."""
        grown = self._recorder.backlog.grown
        while not self._stopping:
            try:
                await asyncio.wait_for(grown.wait(), TURN)
            except TimeoutError:
                self._recorder.nudge()
            grown.clear()
            await self.turn()
        await self.turn()
        self._disk.shutdown()

    def stop(self) -> None:
        """Let :meth:`run` return after one more turn, which only seals; the recorder has drained by now."""
        self._stopping = True
        self._recorder.backlog.grown.set()

    @property
    def problem(self) -> str:
        """Why the store cannot be kept in order at the moment, or nothing."""
        return "; ".join(dict.fromkeys(self._problems.values()))

    async def turn(self) -> None:
        """Do what is due now; a failure is told, and tried again at the next turn."""
        # The recorder may wait for room while it is waited for, so what is frozen is sealed first.
        for step in (self.seal, self.rotate, self.seal, self.compact, self.summarise, self.retain):
            try:
                await step()
            except (OSError, StorageError) as error:
                # The steps that follow may be those that help: retention frees a full disk.
                self._fails(step.__name__, error)
            else:
                self._goes_well(step.__name__)

    def _fails(self, step: str, error: Exception) -> None:
        problem = f"the store cannot be kept in order ({step}): {error}"
        if not self._problems:
            self._instrumentation.emit(UpkeepFailed(problem))
        self._problems[step] = problem
        self._recorder.pace.upkept()

    def _goes_well(self, step: str) -> None:
        """A step did something, or all it had to do: a long one may not be done for minutes after a disk was full."""
        self._problems.pop(step, None)
        self._recorder.pace.upkept()

    async def set_aside(self, part: Part, reason: str) -> None:
        """Do without a part that cannot be read from now on; what else there is of its hour answers for it."""
        parts = self._catalog.view().get(part.hour, HourParts())
        day = self._catalog.days().get(day_of(part.hour))
        if day is not None and day.file is not None and day.file.part == part:
            self._catalog.drop_day(day.file)
        elif part in (*parts.events, *parts.rollups):
            self._catalog.replace(part.hour, (part,), ())
        else:
            return
        self._instrumentation.emit(Quarantined(part.path, reason))
        try:
            await self._on_disk(_quarantine, self._files, self._folder, part.path)
        except OSError as error:
            # It is found again at the next start.
            self._instrumentation.emit(UpkeepFailed(f"a part cannot be set aside: {error}"))

    async def rotate(self) -> None:
        """Have the head frozen where it is old, or holds rows of a finished hour that has gone quiet."""
        if not self._stopping and self._due():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._recorder.rotate(), self._longest_rotation)

    async def seal(self) -> None:
        """Make parts of all frozen heads, oldest first."""
        backlog = self._recorder.backlog
        while self._recorder.checkpointed and backlog.closed and (closed := backlog.closed[0]).final:
            interval = self._settings().telemetry.sampling_interval
            began = self._monotonic()
            parts = await self._on_disk(sealer.seal, self._files, self._folder, closed.head, interval)
            await self._commit(closed.path)
            self._instrumentation.took("seal", self._monotonic() - began)
            # One step: from here on the rows are seen in the parts and no longer in the head.
            self._catalog.add(parts)
            backlog.sealed(closed)
            self._instrumentation.emit(Sealed(len(closed.head), len(parts), closed.head.first, closed.head.last))
            self._goes_well("seal")
        while self._recorder.checkpointed and backlog.spent and not backlog.closed:
            await self._commit(backlog.spent[0])
            del backlog.spent[0]

    async def _commit(self, path: str) -> None:
        damaged = path in self._recorder.backlog.damaged
        await self._on_disk(partial(sealer.commit, keep=damaged), self._files, self._folder, path)

    async def compact(self) -> None:
        """Make one part of each finished hour that has several; an hour that cannot be keeps no other waiting."""
        settings, failed = self._settings(), None
        leftovers, self._leftovers = self._leftovers, []
        for old in leftovers:
            try:
                await self._remove(old)
            except OSError as error:
                failed = error
        for merge in compactor.plan(self._catalog.view(), self._clock(), settings.storage.seal_grace):
            if self._stopping:
                return
            try:
                await self._merge(merge, settings.telemetry.sampling_interval)
            except OSError as error:
                failed = error
            else:
                self._goes_well("compact")
            # Many hours take long, and the recorder waits for room, or to try the disk again.
            if self._recorder.problem:
                self._recorder.nudge()
            await self.seal()
        if failed is not None:
            raise failed

    async def _merge(self, merge: compactor.Merge, interval: int) -> None:
        merged = await self._on_disk(compactor.merge, self._files, self._folder, merge, interval)
        for path, reason in merged.set_aside:
            self._instrumentation.emit(Quarantined(path, reason))
        self._catalog.replace(merged.hour, merged.old, merged.new)
        await self._remove(merged.old)
        self._instrumentation.emit(Compacted(partition_of(merged.hour), len(merged.old)))

    async def summarise(self) -> None:
        """Make the file of each day that is over; a day that cannot be made keeps no other waiting."""
        failed = None
        grace = self._settings().storage.seal_grace
        for day in days.plan(self._catalog.view(), self._catalog.days(), self._clock(), grace):
            if self._stopping:
                return
            try:
                await self._summarise(day)
            except OSError as error:
                failed = error
            else:
                self._goes_well("summarise")
            await self.seal()
        if failed is not None:
            raise failed

    async def _summarise(self, day: int) -> None:
        old = self._catalog.days()[day].file
        try:
            made = await self._on_disk(days.make, self._files, self._folder, day, self._catalog.view())
        except LostPart as error:
            await self.set_aside(error.part, str(error))
            return
        self._catalog.put_day(made)
        if old is not None and old.part != made.part:
            await self._remove((old.part,))
        self._instrumentation.emit(Summarised(date_of(day), len(made.made_of)))

    async def _remove(self, old: tuple[Part, ...]) -> None:
        try:
            await self._on_disk(compactor.remove, self._files, self._folder, old)
        except OSError:
            self._leftovers.append(old)
            raise

    async def retain(self) -> None:
        """Remove partitions that are older than the retention, by a clock that was not just stepped ahead."""
        now, passed, failed = self._clock(), self._monotonic(), None
        if self._steps.stepped(now, passed):
            self._instrumentation.emit(ClockStepped(round(self._steps.gained)))
        if not (self._may_remove() and self._steps.settled(passed)):
            return
        for hour in retention.plan(self._catalog.view(), now, self._settings().telemetry.retention_days):
            if self._stopping:
                return
            parts = self._catalog.view()[hour]
            old = (*parts.events, *parts.rollups)
            self._catalog.replace(hour, old, ())
            try:
                await self._on_disk(retention.remove, self._files, self._folder, hour)
            except OSError as error:
                # What is still there is known, so the next turn tries again; the other hours go meanwhile.
                self._catalog.add(await self._on_disk(_there, self._files, old))
                failed = error
            else:
                self._instrumentation.emit(Removed(partition_of(hour)))
                self._goes_well("retain")
        for file in self._catalog.orphans:
            self._catalog.drop_day(file)
            await self._remove((file.part,))
        if failed is not None:
            raise failed

    def _due(self) -> bool:
        ledger, storage, now = self._recorder.ledger, self._settings().storage, self._clock()
        if ledger.since is None:
            return False
        waited = now - ledger.since
        if waited >= storage.head_age:
            return True
        finished = [last for hour, last in ledger.hours.items() if hour + HOUR + storage.seal_grace <= now]
        quiet = all(now - last >= storage.late_quiet for last in finished)
        return bool(finished) and (quiet or waited >= LONGEST_QUIET)

    async def _on_disk(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        return await asyncio.get_running_loop().run_in_executor(self._disk, partial(call, *args, **kwargs))


def _there(files: Files, parts: tuple[Part, ...]) -> list[Part]:
    return [part for part in parts if files.exists(part.path)]


def _quarantine(files: Files, folder: Folder, path: str) -> None:
    if files.exists(path):
        folder.quarantine(path)
