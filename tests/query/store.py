"""A history in memory, in parts on a real disk, or in both: what a snapshot is taken of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from telemetryd.model.events import CODE_OF_STATE, HEALTHS, IN_FLIGHT_STATUSES, TERMINAL_STATUSES
from telemetryd.model.series import SeriesKey
from telemetryd.model.settings import QuerySettings, Settings
from telemetryd.query.engine import QueryEngine
from telemetryd.query.reader import Reader
from telemetryd.query.snapshot import OperationInFlight, Snapshot
from telemetryd.rollup.columns import Array, EventColumns
from telemetryd.storage import compactor, days
from telemetryd.storage.catalog import Catalog
from telemetryd.storage.files import File, Files
from telemetryd.storage.folder import Folder
from telemetryd.storage.part_name import Part
from telemetryd.storage.sealer import seal
from tests.oracle.history import IN_FLIGHT, UNKNOWN, history_of, series_of
from tests.storage.samples import frozen_with

from .rows import Event, columns_of

Events = Sequence[Event]
INTERVAL = 60


class Unsynced(Files):
    """The real filesystem but for its syncs, which take most of the time of a busy disk: no power goes here."""

    def create(self, path: str) -> File:
        return _UnsyncedFile(super().create(path))

    def sync_folder(self, path: str) -> None:
        """Return at once."""


class _UnsyncedFile(File):
    def __init__(self, file: File) -> None:
        self.path = file.path
        self._file = file

    def write(self, data: bytes | memoryview) -> int:
        return self._file.write(data)

    def sync(self) -> None:
        """Return at once."""

    def close(self) -> None:
        self._file.close()


class Store:
    """Knows all events from the beginning; ``hold`` and ``seal`` say where their rows are."""

    def __init__(self, folder: Folder, events: Events) -> None:
        self.files = Unsynced()
        self.catalog = Catalog(self.files)
        self.rows = columns_of(events)
        self.heads: list[EventColumns] = []
        self.aside: list[str] = []
        self.reader = Reader(self.files, self.catalog.carry)
        self._folder = folder
        self._events = events
        self._history = history_of(events)

    def hold(self, choice: Array) -> None:
        """Keep the chosen rows in memory."""
        self.heads.append(self.rows.take(choice))

    def seal(self, choice: Array, interval: int = INTERVAL, *, detailed: bool = True) -> None:
        """Put the chosen rows into parts, sampled at an interval."""
        chosen = self.rows.take(choice)
        if len(chosen):
            head = frozen_with(chosen, detailed=detailed)
            self.catalog.add(seal(self.files, self._folder, head, interval))

    def compact(self, now: float, interval: int = INTERVAL) -> None:
        """Compact all hours that ended before ``now``."""
        for merge in compactor.plan(self.catalog.view(), now, 0):
            merged = compactor.merge(self.files, self._folder, merge, interval)
            self.catalog.replace(merged.hour, merged.old, merged.new)
            compactor.remove(self.files, self._folder, merged.old)

    def summarise(self, now: float) -> None:
        """Make the files of all days that ended before ``now`` and are compacted."""
        for day in days.plan(self.catalog.view(), self.catalog.days(), now, 0):
            old = self.catalog.days()[day].file
            made = days.make(self.files, self._folder, day, self.catalog.view())
            self.catalog.put_day(made)
            if old is not None and old.part != made.part:
                compactor.remove(self.files, self._folder, [old.part])

    def snapshot(self, now: float, interval: int = INTERVAL) -> Snapshot:
        """Return everything there is at ``now``."""
        moves = self._history.moves
        in_flight = {
            SeriesKey(*key): tuple(
                sum((move.entered == state) - (move.left == state) for move in moves[key]) for state in IN_FLIGHT
            )
            for key in moves
        }
        return Snapshot(
            now=now,
            sampling_interval=interval,
            heads=tuple(self.heads),
            hours=self.catalog.view(),
            days=self.catalog.days(),
            in_flight=in_flight,  # type: ignore[arg-type]
            first_seen={SeriesKey(*key): seen for key, seen in self._history.first_seen.items()},
            health=self._health(),
            operations=self._in_flight,
        )

    async def set_aside(self, part: Part, reason: str) -> None:
        """Do without a part, as the daemon does."""
        self.aside.append(reason)
        self.catalog.replace(part.hour, (part,), ())

    def engine(self, now: float, interval: int = INTERVAL, **query: int) -> QueryEngine:
        """Return an engine over this store as it is at ``now``."""
        settings = replace(Settings(), query=replace(QuerySettings(), **query))
        return QueryEngine(lambda: self.snapshot(now, interval), lambda: settings, self.reader, self.set_aside)

    def _health(self) -> dict[str, tuple[float, int]]:
        changes = [event for event in self._events if event["event"] == "backend_health_change"]
        changes.sort(key=lambda event: float(event["timestamp"]))
        assert all(event["new_status"] in HEALTHS for event in changes)
        return {event["backend"]: (event["timestamp"], CODE_OF_STATE[event["new_status"]]) for event in changes}

    def _in_flight(self) -> list[OperationInFlight]:
        lives: dict[str, list[Event]] = {}
        for event in sorted(self._events, key=lambda event: float(event["timestamp"])):
            if "operation_id" in event:
                lives.setdefault(event["operation_id"], []).append(event)
        return [_operation(name, life) for name, life in lives.items() if _runs(life)]


def _runs(life: Events) -> bool:
    return series_of(life) != UNKNOWN and not any(event.get("status") in TERMINAL_STATUSES for event in life)


def _operation(operation_id: str, life: Events) -> OperationInFlight:
    started = [event["timestamp"] for event in life if event["event"] == "operation_start"]
    status = life[-1].get("status", "pending")
    assert status in IN_FLIGHT_STATUSES
    since, retries = life[-1]["timestamp"], sum(event.get("status") == "retrying" for event in life)
    return OperationInFlight(operation_id, *series_of(life), status, min(started, default=None), since, retries)
