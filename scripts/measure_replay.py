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
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from telemetryd.ingest.ledger import Ledger  # noqa: E402 - a script runs from wherever it is called
from telemetryd.instrumentation import Instrumentation  # noqa: E402
from telemetryd.model.codec import encode_batch  # noqa: E402
from telemetryd.model.events import Event, OperationStart, StatusChange  # noqa: E402
from telemetryd.model.settings import Settings  # noqa: E402
from telemetryd.storage.files import Files  # noqa: E402
from telemetryd.storage.folder import Folder  # noqa: E402
from telemetryd.storage.journal import ActiveSegment  # noqa: E402
from telemetryd.storage.records import Checkpoint, EventsRecord, encode_record  # noqa: E402

HOUR = 3600
BATCH = 500
# As many rows as the recorder lets a head have, by default.
ROWS_OF_A_SEGMENT = 250_000
TYPES = ("add", "get", "pin", "unpin", "list", "stat", "resolve", "publish", "delete", "copy", "move", "read", "write")
BACKENDS = ("ipfs", "s3", "storacha", "filecoin", "local")
PATIENCE = 1800.0
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


def start(path: str, log: Path) -> dict[str, Any]:
    """Start a daemon on the store; return how long it took to be ready (s), what it read and its peak of memory."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(log.parent)}
    paths = ["--metrics-path", path, "--socket", str(log.parent / "s"), "--http", "127.0.0.1:0"]
    begin = time.monotonic()
    with log.open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "telemetryd", "serve", *paths], stderr=stderr, env=environment, cwd=ROOT
        )
    try:
        while not ready(log):
            if process.poll() is not None:
                raise SystemExit(f"the daemon ended: {log.read_text()[-2000:]}")
            if time.monotonic() - begin > PATIENCE:
                raise SystemExit(f"expected the daemon to be ready within {PATIENCE:.0f} s")
            time.sleep(0.02)
        seconds = time.monotonic() - begin
        status = Path(f"/proc/{process.pid}/status").read_text().splitlines()
        peak = next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmHWM"))
        rows = next((line["rows"] for line in lines(log) if line.get("event") == "recovered"), 0)
        return {"seconds": round(seconds, 2), "rows": rows, "peak_mib": peak}
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)


def lines(log: Path) -> list[dict[str, Any]]:
    """Return what the daemon has said in its log."""
    return [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{") and line.endswith("}")]


def ready(log: Path) -> bool:
    """Whether the daemon says that it is ready."""
    url = next((line["url"] for line in lines(log) if line.get("event") == "serving"), "")
    if not url:
        return False
    try:
        with urllib.request.urlopen(url + "/-/ready", timeout=60) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError:
        return False


def main() -> int:
    """Write, start, report."""
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").partition("\n")[0], epilog=(__doc__ or "").partition("\n\n")[2],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--rate", type=int, default=10_000, metavar="N", help="events a second, for an hour (10000)")
    parser.add_argument("--json", action="store_true", help="print the figures as data")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="replay-"))
    try:
        print(f"writing a journal of {options.rate * HOUR:,} events", file=sys.stderr)
        count, size = write_journal(str(folder / "metrics"), options.rate * HOUR)
        print(f"starting the daemon on {size / 2**20:,.0f} MiB", file=sys.stderr)
        nothing = start(str(folder / "empty"), folder / "log of nothing")
        found = start(str(folder / "metrics"), folder / "log")
    finally:
        shutil.rmtree(folder)
    figures = {
        "events": count,
        "journal_bytes": size,
        "replayed": found["rows"],
        "seconds_to_ready": found["seconds"],
        "seconds_to_ready_without_a_journal": nothing["seconds"],
        "events_per_second": round(found["rows"] / (found["seconds"] - nothing["seconds"])),
        "peak_mib": found["peak_mib"],
    }
    print(
        json.dumps(figures, indent=2)
        if options.json
        else "\n".join(f"{name:36} {value:,}" for name, value in figures.items())
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
