"""What the records of one segment do to a ledger at start, and what of them cannot be done."""

from __future__ import annotations

from dataclasses import dataclass

from telemetryd.model.codec import Batch, decode_frame
from telemetryd.model.errors import Rejected
from telemetryd.model.timerange import LATEST
from telemetryd.storage.journal import SegmentContent
from telemetryd.storage.records import EventsRecord, ExpiredRecord

from .ledger import Ledger


@dataclass(slots=True)
class Replayed:
    """What came of a segment: ``end`` is the sequence behind all that its records had, told or not.

    ``records`` are whole and say nothing that this release knows, ``events`` are such among others that
    it does know; ``reason`` is that of the first.
    """

    end: int
    records: int = 0
    events: int = 0
    reason: str = ""


def replay(content: SegmentContent, ledger: Ledger, following: int | None) -> Replayed:
    """Apply every record of a segment; those from the sequence ``following`` on were never acknowledged.

    Damaged records, and those that cannot be decoded, leave a gap of sequences; the head has to be
    contiguous, so it is carried on without them.
    """
    done = Replayed(ledger.sequence)
    for record in content.decoded:
        if record is None:
            _lost(done, "expected a record of the journal, found other values")
            done.end += 1
            continue
        refused = following is not None and record.first_sequence >= following
        if record.first_sequence < ledger.sequence or (refused and isinstance(record, ExpiredRecord)):
            continue
        if isinstance(record, ExpiredRecord):
            known = [each for each in record.operation_ids if each in ledger.tracker.table.operations]
            ledger.apply_expired(known, record.at)
            done.end = max(done.end, record.first_sequence + len(record.operation_ids))
            continue
        batch = _batch_of(record)
        if isinstance(batch, Rejected):
            if not refused:
                _lost(done, str(batch))
                # How many events it had nobody knows.
                done.end = max(done.end, record.first_sequence + 1)
            continue
        # Without events it is the number of a batch that was discarded, which has no sequence: in a
        # segment that was given up it may be one that was refused, of which the next checkpoint knows.
        if refused and (batch.events or not content.closed):
            return done
        if batch.rejections:
            done.events += len(batch.rejections)
            done.reason = done.reason or str(batch.rejections[0])
        ledger.apply_events(batch.events, record.producer, record.batch, record.received)
        done.end = max(done.end, record.first_sequence + len(batch.events) + len(batch.rejections))
    return done


def _batch_of(record: EventsRecord) -> Batch | Rejected:
    try:
        frame = decode_frame(record.frame)
    except Rejected as rejection:
        return rejection
    if not isinstance(frame, Batch):
        return Rejected("bad_batch", "expected a batch of events, found another frame")
    known = [event for event in frame.events if 0 <= event.timestamp <= LATEST]
    if len(known) == len(frame.events):
        return frame
    # What comes in is bounded by the clock; this came in another way.
    found = Rejected("bad_value", "timestamp: expected one of a date, found another")
    return Batch(frame.number, known, [*frame.rejections, *[found] * (len(frame.events) - len(known))])


def _lost(done: Replayed, reason: str) -> None:
    done.records += 1
    done.reason = done.reason or reason
