#!/usr/bin/env python3
"""Measure how long the daemon takes to be ready on a journal that a crash has left: replay.

A journal is written as the recorder writes it, of an hour of events at the rate given, in 65 series; nothing
of it is sealed. Then a real daemon is started on it, until it says that it is ready, and its peak of
resident memory is read. The defaults leave at most three heads of 250,000 rows unsealed, so an hour at
10,000 events a second is fifty times what a crash can leave behind.

    scripts/measure_replay.py
    scripts/measure_replay.py --rate 200 --json
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

from measured_daemon import ROOT, running

sys.path.insert(0, str(ROOT))

from telemetryd.ingest.ledger import Ledger
from telemetryd.instrumentation import Instrumentation
from telemetryd.model.codec import encode_batch
from telemetryd.model.events import Event, OperationStart, StatusChange
from telemetryd.model.settings import Settings
from telemetryd.storage.files import Files
from telemetryd.storage.folder import Folder
from telemetryd.storage.journal import ActiveSegment
from telemetryd.storage.records import Checkpoint, EventsRecord, encode_record

HOUR = 3600
BATCH = 500
# As many rows as the recorder lets a head have, by default.
ROWS_OF_A_SEGMENT = 250_000
TYPES = ("add", "get", "pin", "unpin", "list", "stat", "resolve", "publish", "delete", "copy", "move", "read", "write")
BACKENDS = ("ipfs", "s3", "storacha", "filecoin", "local")
# The state before the first event. Only the first segment's counts: the others follow from the events before them.
NOTHING = Ledger(Settings(), Instrumentation()).checkpoint()


def events(count: int, begin: float) -> Iterator[list[Event]]:
    """Yield batches: each operation is started, processed and completed, an hour of them evenly spaced."""
    chosen = Random(1)
    number = 0
    for first in range(0, count, BATCH):
        batch: list[Event] = []
        for _ in range(min(BATCH, count - first) // 3):
            number += 1
            at = begin + HOUR * 3 * number / count
            name = f"operation-{number:012d}"
            batch.append(OperationStart(name, chosen.choice(TYPES), chosen.choice(BACKENDS), at))
            batch.append(StatusChange(name, "processing", at + 0.01))
            batch.append(StatusChange(name, "completed", at + chosen.random()))
        yield batch


def write_journal(path: str, count: int) -> tuple[int, int]:
    """Write a journal into the store at ``path``; return its events and its bytes."""
    files = Files()
    # All of it in the hour that is not over or in the one before: nothing is too old.
    begin = time.time() - HOUR
    sequence, size, written = 1, 0, 0
    with Folder(files, path).locked() as folder:
        segment = ActiveSegment.create(files, folder, Checkpoint(1, True, NOTHING))
        rows = 0
        for number, batch in enumerate(events(count, begin), start=1):
            frame = encode_batch(number, batch)[:-1]
            record = encode_record(EventsRecord(sequence, batch[-1].timestamp, "wal", number, frame))
            segment.append([record])
            size += len(record)
            sequence += len(batch)
            rows += len(batch)
            written += len(batch)
            if rows >= ROWS_OF_A_SEGMENT:
                segment.close()
                segment = ActiveSegment.create(files, folder, Checkpoint(sequence, True, NOTHING))
                rows = 0
        segment.sync()
        segment.abandon()
    return written, size


def main() -> int:
    """Write, start, report."""
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").partition("\n")[0], epilog=(__doc__ or "").partition("\n\n")[2],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--rate", type=int, default=10_000, metavar="N", help="events a second, for an hour (10000)")
    parser.add_argument("--json", action="store_true", help="print the figures as data")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="td-") as name:
        folder, empty = Path(name) / "full", Path(name) / "empty"
        folder.mkdir()
        empty.mkdir()
        with running(empty) as daemon:
            without = daemon.seconds_to_ready
        print(f"writing a journal of {options.rate * HOUR:,} events", file=sys.stderr)
        count, size = write_journal(str(folder / "metrics"), options.rate * HOUR)
        print(f"starting the daemon on {size / 2**20:,.0f} MiB", file=sys.stderr)
        with running(folder) as daemon:
            rows, seconds = daemon.said("recovered")["rows"], daemon.seconds_to_ready
            figures = {
                "events": count,
                "journal_bytes": size,
                "replayed": rows,
                "seconds_to_ready": round(seconds, 2),
                "seconds_to_ready_without_a_journal": round(without, 2),
                "events_per_second": round(rows / (seconds - without)),
                "peak_mib": daemon.high_water >> 20,
            }
    print(
        json.dumps(figures, indent=2)
        if options.json
        else "\n".join(f"{name:36} {value:,}" for name, value in figures.items())
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
