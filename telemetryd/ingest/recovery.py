"""Recovery: replay of the journal through the same ledger, at start."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace

import numpy as np

from telemetryd.instrumentation import Instrumentation
from telemetryd.instrumentation.damage import CheckpointLost, JournalDamaged
from telemetryd.instrumentation.events import Quarantined, Recovered
from telemetryd.live.window import WIDEST
from telemetryd.model.codec import Batch, decode_frame
from telemetryd.model.errors import CorruptFile, Rejected
from telemetryd.model.events import COMPLETED, FAILED
from telemetryd.model.settings import Settings
from telemetryd.model.timerange import HOUR
from telemetryd.rollup.build import build
from telemetryd.rollup.columns import EventColumns
from telemetryd.rollup.moves import is_entry
from telemetryd.storage.catalog import HourParts
from telemetryd.storage.files import Files
from telemetryd.storage.folder import Folder
from telemetryd.storage.inventory import Inventory
from telemetryd.storage.journal import ACTIVE, SegmentContent, read_segment
from telemetryd.storage.part import read_events
from telemetryd.storage.part_file import UnreadablePart
from telemetryd.storage.records import EventsRecord, ExpiredRecord

from .ledger import Ledger
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

    Every valid record is applied. A segment that cannot be read at all is set aside. Records
    that reach into the next segment were never acknowledged and are passed over. The segment that
    was being written last is made durable as it was read, for producers will be told of what is in
    it. A journal that is longer than what may wait in memory is sealed on the way. Raises OSError.
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
            if content.lost or (missing > 0 and before not in damaged):
                instrumentation.emit(JournalDamaged(path, content.lost, max(0, missing)))
            if content.lost:
                damaged.add(path)
            if not before or missing > 0:
                # Where records before this segment are lost, its checkpoint knows more than they told.
                _restore(ledger, path, content, instrumentation)
            elif content.checkpoint.state:
                # It was made after all that was acknowledged before it, and after nothing that was refused.
                with suppress(CorruptFile):
                    ledger.restore_producers(content.checkpoint.state)
            _replay(content, ledger, None if upcoming is None else upcoming[1].checkpoint.sequence)
            count += 1
            rows += len(ledger.head)
            torn += content.torn + content.damaged
            frozen = ledger.freeze(content.checkpoint.detailed)
            if frozen is None:
                empty.append(path)
            else:
                sealer.add(ClosedSegment(frozen, path), keep=path in damaged)
            if upcoming is not None and upcoming[1].checkpoint.state:
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


def _restore(ledger: Ledger, path: str, content: SegmentContent, instrumentation: Instrumentation) -> None:
    try:
        ledger.restore(content.checkpoint.state, content.checkpoint.sequence)
    except CorruptFile as error:
        # The rows are whole: only what was in flight before them is lost.
        instrumentation.emit(CheckpointLost(path, str(error)))
        ledger.skip_to(content.checkpoint.sequence)


def _replay(content: SegmentContent, ledger: Ledger, following: int | None) -> None:
    for record in content.records:
        refused = following is not None and record.first_sequence >= following
        if record.first_sequence < ledger.sequence or (refused and isinstance(record, ExpiredRecord)):
            continue
        # Damaged records leave a gap of sequences; the head has to be contiguous, so it is
        # carried on without them.
        if isinstance(record, EventsRecord):
            try:
                batch = decode_frame(record.frame)
            except Rejected:
                continue
            assert isinstance(batch, Batch)
            # Without events it is the number of a batch that was discarded, which has no sequence: in a
            # segment that was given up it may be one that was refused, of which the next checkpoint knows.
            if refused and (batch.events or not content.closed):
                return
            ledger.apply_events(batch.events, record.producer, record.batch, record.received)
        else:
            known = [each for each in record.operation_ids if each in ledger.tracker.table.operations]
            ledger.apply_expired(known, record.at)


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
