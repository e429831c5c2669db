"""Upkeep of the store: what is frozen is sealed, finished hours are compacted, old ones removed.

Everything that touches the disk runs in a thread of its own; what becomes visible does so in
one step on the event loop, so that a reader sees each row exactly once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from telemetryd.instrumentation import Instrumentation
from telemetryd.instrumentation.events import Compacted, Quarantined, Removed, Sealed, UpkeepFailed
from telemetryd.model.errors import StorageError
from telemetryd.model.settings import Settings
from telemetryd.model.timerange import HOUR, partition_of
from telemetryd.storage import compactor, retention, sealer
from telemetryd.storage.catalog import Catalog
from telemetryd.storage.files import Files
from telemetryd.storage.folder import Folder

from .recorder import Recorder

P = ParamSpec("P")
R = TypeVar("R")

# How often the conditions are looked at, in seconds.
TURN = 1.0
# A late event may wait this long for others of its hour before they are sealed, in seconds.
LONGEST_QUIET = 60.0


class Upkeep:
    """Keeps the store in order; ``problem`` says why it cannot at the moment, or is empty."""

    def __init__(
        self,
        recorder: Recorder,
        catalog: Catalog,
        files: Files,
        folder: Folder,
        settings: Callable[[], Settings],
        instrumentation: Instrumentation,
        clock: Callable[[], float],
    ) -> None:
        self.problem = ""
        self._recorder = recorder
        self._catalog = catalog
        self._files = files
        self._folder = folder
        self._settings = settings
        self._instrumentation = instrumentation
        self._clock = clock
        self._stopping = False
        self._head_since: float | None = None
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="upkeep")

    async def run(self) -> None:
        """Keep house until stopped; the last turn seals what the recorder has left."""
        while not self._stopping:
            try:
                await asyncio.wait_for(self._recorder.rotated.wait(), TURN)
            except TimeoutError:
                self._recorder.nudge()
            self._recorder.rotated.clear()
            await self.turn()
        await self.turn()
        self._disk.shutdown()

    def stop(self) -> None:
        """Let :meth:`run` return after one more turn; the recorder has drained by now."""
        self._stopping = True
        self._recorder.rotated.set()

    async def turn(self) -> None:
        """Do what is due now; a failure is told, and tried again at the next turn."""
        problems = []
        steps = (self._rotate, self.seal, self.compact, self.retain)
        for step in steps:
            try:
                await step()
            except (OSError, StorageError) as error:
                # The steps that follow may be those that help: retention frees a full disk.
                problems.append(f"the store cannot be kept in order ({step.__name__.strip('_')}): {error}")
        if problems and not self.problem:
            self._instrumentation.emit(UpkeepFailed("; ".join(problems)))
        self.problem = "; ".join(problems)

    async def _rotate(self) -> None:
        if self._due() and not self._stopping:
            await self._recorder.rotate()

    async def seal(self) -> None:
        """Make parts of all frozen heads, oldest first."""
        recorder = self._recorder
        while recorder.checkpointed and recorder.closed and (closed := recorder.closed[0]).final:
            interval = self._settings().telemetry.sampling_interval
            parts = await self._on_disk(sealer.seal, self._files, self._folder, closed.head, interval)
            await self._on_disk(sealer.commit, self._files, self._folder, closed.path)
            # One step: from here on the rows are seen in the parts and no longer in the head.
            self._catalog.add(parts)
            recorder.sealed(closed)
            self._instrumentation.emit(
                Sealed(len(closed.head.columns), len(parts), closed.head.first, closed.head.last)
            )

    async def compact(self) -> None:
        """Make one part of each finished hour that has several."""
        settings = self._settings()
        for merge in compactor.plan(self._catalog.view(), self._clock(), settings.storage.seal_grace):
            merged = await self._on_disk(
                compactor.merge, self._files, self._folder, merge, settings.telemetry.sampling_interval
            )
            for path, reason in merged.set_aside:
                self._instrumentation.emit(Quarantined(path, reason))
            self._catalog.replace(merged.hour, merged.old, merged.new)
            await self._on_disk(compactor.remove, self._files, self._folder, merged.old)
            self._instrumentation.emit(Compacted(partition_of(merged.hour), len(merged.old)))

    async def retain(self) -> None:
        """Remove partitions that are older than the retention."""
        now = self._clock()
        for hour in retention.plan(self._catalog.view(), now, self._settings().telemetry.retention_days):
            parts = self._catalog.view()[hour]
            old = (*parts.events, *parts.rollups)
            self._catalog.replace(hour, old, ())
            await self._on_disk(retention.remove, self._files, self._folder, hour)
            self._instrumentation.emit(Removed(partition_of(hour)))

    def _due(self) -> bool:
        """Whether the head is old, or holds rows of a finished hour that has gone quiet."""
        ledger, storage, now = self._recorder.ledger, self._settings().storage, self._clock()
        if not len(ledger.head):
            self._head_since = None
            return False
        if self._head_since is None:
            self._head_since = now
        if now - self._head_since >= storage.head_age:
            self._head_since = None
            return True
        waited = now - self._head_since
        finished = [last for hour, last in ledger.hours.items() if hour + HOUR + storage.seal_grace <= now]
        quiet = all(now - last >= storage.late_quiet for last in finished)
        return bool(finished) and (quiet or waited >= LONGEST_QUIET)

    async def _on_disk(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        return await asyncio.get_running_loop().run_in_executor(self._disk, partial(call, *args, **kwargs))
