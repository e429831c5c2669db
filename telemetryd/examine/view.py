"""What `telemetryd inspect` shows of a store, a segment or a part, as plain values."""

from __future__ import annotations

import os
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from telemetryd.model.errors import CorruptFile
from telemetryd.model.timerange import partition_of
from telemetryd.storage.checksums import read_footer
from telemetryd.storage.day_file import HOURS_KEY
from telemetryd.storage.files import Files
from telemetryd.storage.folder import DAYS, EVENTS, LOCK, QUARANTINE, ROLLUPS, Folder
from telemetryd.storage.inventory import take_inventory
from telemetryd.storage.journal import first_sequence_of, read_segment
from telemetryd.storage.part_file import PART_KEY, VERSION_KEY, UnreadablePart, describe
from telemetryd.storage.part_name import Part, place_of

from .looking import Looking, steady
from .segment import events_of, records_of

Shown = dict[str, Any]


def inspect(path: str, rows: int, records: int) -> Shown:
    """Return what a path holds; raises CorruptFile, OSError. ``kind`` says which of the three it is."""
    files = Looking()
    if files.leads_to_folder(path):
        return steady(lambda: inspect_store(files, path))
    if first_sequence_of(path) is not None:
        return inspect_segment(files, path, records)
    return inspect_part(files, path, rows)


def inspect_store(files: Looking, path: str) -> Shown:
    """Return what lies in a store, hour by hour, from its names and footers: the pages are not read."""
    folder = Folder(files, path)
    holder = files.holder(os.path.join(folder.path, LOCK))
    inventory = take_inventory(files, folder)
    hours: list[Shown] = [
        {
            "hour": partition_of(hour),
            "events": [_part_in_store(files, part) for part in parts.events],
            "rollups": [_part_in_store(files, part) for part in parts.rollups],
        }
        for hour, parts in sorted(inventory.catalog.view().items())
    ]
    segments = [_segment_in_store(files, path) for path in inventory.segments]
    events = [part for hour in hours for part in hour["events"] if part["rows"] is not None]
    rollups = [part for hour in hours for part in hour["rollups"]]
    days = [parts.file for parts in inventory.catalog.days().values() if parts.file is not None]
    rows, size = sum(part["rows"] for part in events), sum(part["bytes"] for part in events)
    beyond = [part["last_sequence"] for hour in hours for part in (*hour["events"], *hour["rollups"])]
    return {
        "kind": "store",
        "metrics_path": folder.path,
        "in_use_by_process": holder or None,
        "hours": hours,
        "events": {"files": len(events), "rows": rows, "bytes": size, "bytes_per_row": size / rows if rows else None},
        "days": {"files": len(days), "bytes": sum(file.part.size for file in days)},
        "rollups": {"files": len(rollups), "bytes": sum(part["bytes"] for part in rollups)},
        "journal": segments,
        "books": next((each["books"] for each in reversed(segments) if each["books"]), None),
        "last_sequence": max([*beyond, *(each["last_sequence"] or 0 for each in segments)], default=0),
        "quarantine": sum(len(names) for _, _, names in os.walk(os.path.join(folder.path, QUARANTINE))),
    }


def inspect_segment(files: Files, path: str, most: int) -> Shown:
    """Return a segment's header, checkpoint and first records."""
    content = read_segment(files, path)
    kinds: dict[str, Shown] = {}
    for record in content.records:
        kind = "events" if hasattr(record, "frame") else "expired"
        tally = kinds.setdefault(kind, {"records": 0, "events": 0})
        tally["records"] += 1
        tally["events"] += len(events_of(record))
    return {
        "kind": "segment",
        "path": path,
        "bytes": files.size(path),
        "closed": content.closed,
        "checkpoint": {
            "sequence": content.checkpoint.sequence,
            "detailed": content.checkpoint.detailed,
            "state_bytes": len(content.checkpoint.state),
            "books": content.checkpoint.books or None,
        },
        "records": kinds,
        "torn_bytes": content.torn,
        "damaged_bytes": content.damaged,
        "first_records": list(records_of(content, most)),
    }


def inspect_part(files: Files, path: str, most: int) -> Shown:
    """Return what a part's footer says, and its first rows; it may lie anywhere. Raises CorruptFile, OSError."""
    if not files.is_file(path):
        raise CorruptFile(f"{path}: expected a store, a segment or a part, found something else")
    try:
        with files.open(path) as source:
            footer = read_footer(source)
            metadata = pq.read_metadata(pa.BufferReader(footer.as_file))
        words = {key.decode(): value for key, value in (metadata.metadata or {}).items()}
        if VERSION_KEY not in words:
            raise CorruptFile(f"{path}: expected a part of telemetryd, found Parquet of someone else")
        table = pq.ParquetFile(path, page_checksum_verification=True)
        first = next(table.iter_batches(most), None) if most else None
    except (pa.ArrowException, ValueError) as error:
        raise CorruptFile(f"{path}: expected a part of telemetryd, found: {error}") from error
    columns = [_column(metadata, at) for at in range(metadata.num_columns)]
    place = words.get(PART_KEY, b"").decode() or None
    return {
        "kind": EVENTS if "sequence" in metadata.schema.names else DAYS if HOURS_KEY in words else ROLLUPS,
        "path": path,
        "bytes": files.size(path),
        "format": int(words[VERSION_KEY]),
        "footer_checksum": None if not footer.checksum else "right" if footer.is_whole else "wrong",
        "place": place,
        "in_its_place": None if place is None else place_of(path) == place,
        "rows": metadata.num_rows,
        "row_groups": metadata.num_row_groups,
        "written_by": metadata.created_by,
        "timestamp": _extremes(metadata, "timestamp"),
        "sequence": _extremes(metadata, "sequence"),
        "columns": columns,
        "footer_bytes": len(footer.data),
        "first_rows": [] if first is None else first.to_pylist(),
    }


def _part_in_store(files: Files, part: Part) -> Shown:
    try:
        described = describe(files, part)
    except (UnreadablePart, FileNotFoundError):
        described = None
    return {
        "name": os.path.basename(part.path),
        "rows": None if described is None else described.metadata.num_rows,
        "bytes": part.size,
        "first_sequence": part.first,
        "last_sequence": part.last,
    }


def _segment_in_store(files: Files, path: str) -> Shown:
    shown: Shown = {"name": os.path.basename(path), "bytes": files.size(path)}
    try:
        content = read_segment(files, path)
    except CorruptFile:
        return shown | {"events": None, "last_sequence": None, "books": None}
    records = list(content.records)
    counts = [len(events_of(record)) for record in records]
    last = max((record.first_sequence + count - 1 for record, count in zip(records, counts, strict=True)), default=None)
    return shown | {"events": sum(counts), "last_sequence": last, "books": content.checkpoint.books or None}


def _column(metadata: Any, at: int) -> Shown:
    chunks = [metadata.row_group(group).column(at) for group in range(metadata.num_row_groups)]
    name = metadata.schema.column(at).path.split(".")[0]
    return {
        "name": name,
        "type": str(metadata.schema.to_arrow_schema().field(name).type),
        "encodings": sorted({encoding for chunk in chunks for encoding in chunk.encodings}),
        "bytes": sum(chunk.total_compressed_size for chunk in chunks),
        "uncompressed_bytes": sum(chunk.total_uncompressed_size for chunk in chunks),
    }


def _extremes(metadata: Any, name: str) -> list[Any] | None:
    """Return the least and the greatest value of a column, as the statistics tell."""
    if name not in metadata.schema.names:
        return None
    at = metadata.schema.names.index(name)
    found = [metadata.row_group(group).column(at).statistics for group in range(metadata.num_row_groups)]
    told = [each for each in found if each is not None and each.has_min_max]
    return [min(each.min for each in told), max(each.max for each in told)] if told else None
