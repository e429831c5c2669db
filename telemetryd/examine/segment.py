"""A segment of the journal examined: its records, as far as they can be read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from telemetryd.model.codec import Batch, decode_frame
from telemetryd.model.errors import Rejected
from telemetryd.storage.files import Files
from telemetryd.storage.journal import SegmentContent, first_sequence_of, read_segment
from telemetryd.storage.records import EventsRecord, Record

from .findings import SegmentFound


def examine_segment(files: Files, path: str, shown: str) -> SegmentFound:
    """Return what can be read of a segment, called ``shown``; raises CorruptFile where nothing can."""
    content = read_segment(files, path)
    decoded = list(content.decoded)
    records = [record for record in decoded if record is not None]
    undecodable = len(decoded) - len(records) + sum(not _is_decodable(record) for record in records)
    return SegmentFound(
        path=shown,
        size=files.size(path),
        first_sequence=first_sequence_of(path) or 0,
        records=len(records),
        events=sum(len(events_of(record)) for record in records),
        torn_bytes=content.torn,
        damaged_bytes=content.damaged,
        undecodable_records=undecodable,
    )


def events_of(record: Record) -> tuple[Any, ...]:
    """Return the events of a record, as the codec has them; the ids of operations that expired."""
    if not isinstance(record, EventsRecord):
        return tuple(record.operation_ids)
    batch = _batch_of(record)
    return tuple(batch.events) if batch is not None else ()


def records_of(content: SegmentContent, most: int) -> Iterator[dict[str, Any]]:
    """Yield the first records of a segment as plain values."""
    for _, record in zip(range(most), content.records, strict=False):
        events = events_of(record)
        first, last = record.first_sequence, record.first_sequence + len(events) - 1
        if isinstance(record, EventsRecord):
            yield {
                "kind": "events",
                "first_sequence": first,
                "last_sequence": last if events else None,
                "producer": record.producer or None,
                "batch": record.batch or None,
                "received": record.received,
                "events": len(events),
                "bytes": len(record.frame),
                "json": record.frame.decode(errors="replace"),
            }
        else:
            yield {
                "kind": "expired",
                "first_sequence": first,
                "last_sequence": last if events else None,
                "at": record.at,
                "events": len(events),
                "operation_ids": list(record.operation_ids),
            }


def _is_decodable(record: Record) -> bool:
    """Whether all that a record says can be taken."""
    if not isinstance(record, EventsRecord):
        return True
    batch = _batch_of(record)
    return batch is not None and not batch.rejections


def _batch_of(record: EventsRecord) -> Batch | None:
    try:
        frame = decode_frame(record.frame)
    except Rejected:
        return None
    return frame if isinstance(frame, Batch) else None
