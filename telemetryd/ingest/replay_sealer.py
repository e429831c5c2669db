"""Sealing on the way of a replay, so that a journal longer than memory can be replayed.

Beyond as many rows as ever wait for the sealer, the oldest heads become parts: one at a time, in a
thread, while the replay goes on.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

from telemetryd.instrumentation import Instrumentation
from telemetryd.instrumentation.events import Sealed, UpkeepFailed
from telemetryd.model.settings import Settings
from telemetryd.storage import sealer
from telemetryd.storage.catalog import Catalog
from telemetryd.storage.files import Files
from telemetryd.storage.folder import Folder
from telemetryd.storage.part_name import Part

from .segments import MAX_HEADS, ClosedSegment


class ReplaySealer:
    """Takes the heads that a replay gives; ``closed`` are those that wait to be sealed, oldest first.

    On leaving, whatever is under way is finished.
    """

    def __init__(
        self, files: Files, folder: Folder, catalog: Catalog, settings: Settings, instrumentation: Instrumentation
    ) -> None:
        self.closed: list[ClosedSegment] = []
        self._files = files
        self._folder = folder
        self._catalog = catalog
        self._instrumentation = instrumentation
        self._interval = settings.telemetry.sampling_interval
        self._most = MAX_HEADS * settings.storage.head_rows
        self._waiting = 0
        self._kept: set[str] = set()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="replay-sealer")
        self._under_way: tuple[ClosedSegment, Future[list[Part]]] | None = None
        self._refused = False

    def __enter__(self) -> ReplaySealer:
        return self

    def __exit__(self, *error: object) -> None:
        self._finish()
        self._thread.shutdown()

    def add(self, closed: ClosedSegment, *, keep: bool) -> None:
        """Take a head; its segment, if it is to ``keep``, goes to quarantine once it is sealed."""
        self.closed.append(closed)
        self._waiting += len(closed.head)
        if keep:
            self._kept.add(closed.path)

    def seal(self) -> None:
        """Seal the oldest where too many rows wait; a checkpoint has to stand after all of them."""
        while self._waiting > self._most:
            self._finish()
            if self._refused:
                # The disk takes nothing: the rest waits in memory, as far as that goes.
                return
            closed = self.closed.pop(0)
            self._waiting -= len(closed.head)
            self._under_way = closed, self._thread.submit(self._sealed, closed)

    def _sealed(self, closed: ClosedSegment) -> list[Part]:
        parts = sealer.seal(self._files, self._folder, closed.head, self._interval)
        sealer.commit(self._files, self._folder, closed.path, keep=closed.path in self._kept)
        return parts

    def _finish(self) -> None:
        if self._under_way is None:
            return
        (closed, sealing), self._under_way = self._under_way, None
        try:
            parts = sealing.result()
        except OSError as error:
            self._refused = True
            self.closed.insert(0, closed)
            self._instrumentation.emit(
                UpkeepFailed(f"the journal is too long for memory and cannot be sealed: {error}")
            )
        else:
            self._catalog.add(parts)
            self._instrumentation.emit(Sealed(len(closed.head), len(parts), closed.head.first, closed.head.last))
