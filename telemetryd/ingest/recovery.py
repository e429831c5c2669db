"""Recovery: replay of the journal through the same ledger, at start."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace

import numpy as np

from telemetryd.instrumentation import Instrumentation
from telemetryd.instrumentation.damage import CheckpointLost, JournalDamaged, RecordsUndecodable
from telemetryd.instrumentation.events import Quarantined, Recovered
from telemetryd.live.window import WIDEST
from telemetryd.model.errors import CorruptFile
from telemetryd.model.events import COMPLETED, FAILED
from telemetryd.model.settings import Settings
from telemetryd.model.timerange import HOUR
from telemetryd.rollup.build import build
from telemetryd.rollup.columns import EventColumns
from telemetryd.rollup.moves import is_entry
from telemetryd.storage.catalog import Catalog, HourParts
from telemetryd.storage.files import Files
from telemetryd.storage.folder import Folder
from telemetryd.storage.inventory import Inventory
from telemetryd.storage.journal import ACTIVE, SegmentContent, read_segment
from telemetryd.storage.part import read_events
from telemetryd.storage.part_file import UnreadablePart

from .ledger import Ledger
from .replay import replay
from .replay_sealer import ReplaySealer
from .segments import ClosedSegment, Recovery

# The columns of an event that the window is made of.
ENDINGS = ("timestamp", "event", "operation_type", "backend", "status", "previous", "latency", "sequence")


def recover(
    files: Files,
    folder: Folder,
    inventory: Inventory,
    ledger: Ledger,
    settings: Settings,
    instrumentation: Instrumentation,
) -> Recovery:
    """Replay the segments of an inventory, in order of their sequences, into a new ledger.

    Every valid record is applied; a segment with others is kept when its rows are sealed. One that cannot
    be read at all is set aside. Records that reach into the next segment were never acknowledged and are
    passed over. The segment that was being written last is made durable as it was read, for producers
    will be told of what is in it. A journal that is longer than what may wait in memory is sealed on the
    way. Raises OSError.
    """
    segments = _readable(files, folder, inventory.segments, instrumentation)
    empty: list[str] = []
    damaged: set[str] = set()
    before, count, rows, torn = "", 0, 0, 0
    with ReplaySealer(files, folder, inventory.catalog, settings, instrumentation) as sealer:
        current = next(segments, None)
        while current is not None:
            path, content = current
            upcoming = next(segments, None)
            if upcoming is None and path.endswith(ACTIVE):
                content = content.without_torn_turn()
                content.renew(files, path)
            if before in empty:
                # The next one begins one further, for it needs another name.
                ledger.skip_to(ledger.sequence + 1)
            missing = content.checkpoint.sequence - ledger.sequence if before else 0
            lost = 0 if missing <= 0 else _unsealed(inventory.catalog, ledger.sequence, content.checkpoint.sequence)
            if content.lost or (lost and before not in damaged):
                instrumentation.emit(JournalDamaged(path, content.lost, lost))
            if content.lost:
                damaged.add(path)
            if not before or missing > 0:
                # Where records before this segment are lost, its checkpoint knows more than they told.
                _restore(ledger, path, content, instrumentation)
            elif content.checkpoint.state:
                # It was made after all that was acknowledged before it, and after nothing that was refused.
                with suppress(CorruptFile):
                    ledger.restore_producers(content.checkpoint.state)
            done = replay(content, ledger, None if upcoming is None else upcoming[1].checkpoint.sequence)
            if done.records or done.events:
                instrumentation.emit(RecordsUndecodable(path, done.records, done.events, done.reason))
                damaged.add(path)
            count += 1
            rows += len(ledger.head)
            torn += content.torn + content.damaged
            frozen = ledger.freeze(content.checkpoint.detailed)
            if frozen is None:
                empty.append(path)
            else:
                sealer.add(ClosedSegment(frozen, path), keep=path in damaged)
            if upcoming is None:
                # Behind what is lost of it, too: rows of a segment that begins inside of another would hide that one's.
                ledger.skip_to(max(done.end, ledger.sequence))
            elif upcoming[1].checkpoint.state:
                sealer.seal()
            before, current = path, upcoming
    if count:
        instrumentation.emit(Recovered(count, rows, torn))
    if ledger.sequence <= inventory.catalog.last:
        # The journal is gone, the parts are not: their sequences are taken.
        ledger.skip_to(inventory.catalog.last + 1)
    return Recovery(sealer.closed, empty, rows, frozenset(damaged))


def _readable(
    files: Files, folder: Folder, paths: Iterable[str], instrumentation: Instrumentation
) -> Iterator[tuple[str, SegmentContent]]:
    for path in paths:
        try:
            yield path, read_segment(files, path)
        except CorruptFile as error:
            folder.quarantine(path)
            instrumentation.emit(Quarantined(path, str(error)))


def _unsealed(catalog: Catalog, first: int, end: int) -> int:
    """Return how many sequences from ``first`` on, and before ``end``, are in no part.

    Segments without rows stay while those after them are sealed and go.
    """
    parts = (part for hour in catalog.view().values() for part in (*hour.events, *hour.rollups))
    found = 0
    for begins, ends in sorted({(part.first, part.last) for part in parts if part.last >= first}):
        found += max(0, min(begins, end) - first)
        first = max(first, ends + 1)
    return found + max(0, end - first)


def _restore(ledger: Ledger, path: str, content: SegmentContent, instrumentation: Instrumentation) -> None:
    try:
        ledger.restore(content.checkpoint.state, content.checkpoint.sequence)
    except CorruptFile as error:
        # The rows are whole: only what was in flight before them is lost.
        instrumentation.emit(CheckpointLost(path, str(error)))
        ledger.skip_to(content.checkpoint.sequence)


def seed_window(files: Files, sealed: Mapping[int, HourParts], ledger: Ledger, now: float) -> list[UnreadablePart]:
    """Enter into the window what ended lately and was sealed before the replay; return what could not be read.

    The journal holds only what came after the last seal; without this a restart would empty
    the realtime answer.
    """
    unreadable: list[UnreadablePart] = []
    oldest = now - WIDEST
    for hour, parts in sealed.items():
        if hour + HOUR > oldest:
            for part in parts.events:
                try:
                    rows = read_events(files, part, columns=ENDINGS, start=oldest)
                except UnreadablePart as error:
                    unreadable.append(error)
                except OSError:
                    # The realtime answer does without; a query that needs the part says so.
                    continue
                else:
                    _seed(rows, ledger, now)
    return unreadable


def _seed(rows: EventColumns, ledger: Ledger, now: float) -> None:
    """Enter the ends among some rows, by second and series: there may be millions."""
    ends = is_entry(rows) & ((rows.status == COMPLETED) | (rows.status == FAILED))
    chosen = rows.take(ends)
    # A rollup of one-second intervals has the window's own shape.
    seconds = build(chosen, 1)
    numbers = [ledger.tracker.series.number(*key) for key in seconds.series]
    series = np.array(numbers, np.int32)[seconds.operations.series]
    ledger.window.put(replace(seconds.operations, series=series), now)
