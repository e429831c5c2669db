"""Scrapes: what there is to tell of the running daemon is taken in one step, and told piece by piece."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping

from telemetryd import __version__
from telemetryd.exposition.facts import Facts, LastReload, OwnFacts, WalFacts
from telemetryd.exposition.labels import LabelTexts
from telemetryd.exposition.scrape import scrape
from telemetryd.exposition.totals import Totals
from telemetryd.exposition.wal import SERIES
from telemetryd.ingest.listener import Listener
from telemetryd.ingest.recorder import Recorder
from telemetryd.instrumentation import Instrumentation
from telemetryd.live.window import WINDOW
from telemetryd.storage.catalog import Catalog, DayParts, HourParts
from telemetryd.storage.files import Files
from telemetryd.storage.folder import Folder


class Scrapes:
    """Answers scrapes; from when it is made it counts what is stored.

    ``started`` is that moment (Unix s); ``problems`` says why the daemon does not do its job.
    """

    def __init__(
        self,
        recorder: Recorder,
        listener: Listener,
        catalog: Catalog,
        files: Files,
        folder: Folder,
        instrumentation: Instrumentation,
        clock: Callable[[], float],
        problems: Callable[[], list[str]],
        reload: Callable[[], LastReload],
    ) -> None:
        self.started = clock()
        self._ledger = recorder.ledger
        self._backlog = recorder.backlog
        self._listener = listener
        self._catalog = catalog
        self._files = files
        self._folder = folder
        self._instrumentation = instrumentation
        self._clock = clock
        self._problems = problems
        self._reload = reload
        self._labels = LabelTexts(SERIES)
        self._totals = Totals()
        self._ledger.leaving = self._totals.count

    def scrape(self, openmetrics: bool, compress: bool) -> Iterator[bytes]:
        """Return the answer to a scrape as it is now, to be made piece by piece in any thread."""
        return scrape(self.facts(), openmetrics, compress)

    def facts(self) -> Facts:
        """Return all there is to tell now."""
        return Facts(self.started, self._wal(), self._own())

    def _wal(self) -> WalFacts:
        ledger = self._ledger
        tracker = ledger.tracker
        self._totals.count(ledger.head)
        keys = tuple(tracker.series.keys)
        return WalFacts(
            labels=self._labels.of(keys),
            keys=keys,
            in_flight=tuple(map(tuple, tracker.in_flight)),
            window=ledger.window.still(self._clock(), WINDOW),
            counted=self._totals.counted(),
            health=dict(tracker.health),
        )

    def _own(self) -> OwnFacts:
        told, ledger = self._instrumentation, self._ledger
        return OwnFacts(
            version=__version__,
            ready=not self._problems(),
            books=told.totals(),
            rejected=dict(told.rejected),
            dropped=ledger.producers.dropped,
            events=told.events(),
            taken={what: durations.taken() for what, durations in told.durations.items()},
            connections=self._listener.connections,
            producers=len(ledger.producers),
            series=len(ledger.tracker.series),
            folded=ledger.tracker.series.folded,
            head_rows=len(ledger.head),
            heads_waiting=len(self._backlog.closed),
            sizes=self._sizes(),
            reload=self._reload(),
        )

    def _sizes(self) -> Callable[[], tuple[int | None, int]]:
        hours, days = self._catalog.view(), self._catalog.days()
        return lambda: (_journal(self._files, self._folder.journal), _store(hours, days))


def _journal(files: Files, path: str) -> int | None:
    total = 0
    try:
        for name in files.names(path):
            # What is sealed meanwhile is gone.
            with contextlib.suppress(FileNotFoundError):
                total += files.size(os.path.join(path, name))
    except OSError:
        # The rest of a scrape tells what is wrong.
        return None
    return total


def _store(hours: Mapping[int, HourParts], days: Mapping[int, DayParts]) -> int:
    parts = sum(part.size for hour in hours.values() for part in (*hour.events, *hour.rollups))
    return parts + sum(day.file.part.size for day in days.values() if day.file is not None)
