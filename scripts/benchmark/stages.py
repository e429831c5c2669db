"""Where the CPU time of an event goes, stage by stage, from the socket to its part.

Each stage does what the daemon does, with the daemon's own code, in one thread of one process on one core, with
the frames of the row `ingest`: so it is what that stage costs where nothing is in its way. What the daemon took
for an event, in the same round and with the same frames, is the last line; what it is more than the stages'
sum is its event loop, its threads that wait for one another, and memory that is cold.

Two limits follow. A daemon in Python has to make an event of a line, whatever it does with it then: no such can
be faster than the first two stages. And the small daemon of the row `ingest` makes nothing else: to be five
times as fast as that, all of what telemetryd does would have to cost less than reading the JSON.
"""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from measured_daemon import ROOT, on_core

from telemetryd.daemon import GC_THRESHOLDS
from telemetryd.imports import keep_out
from telemetryd.ingest.admission import admit
from telemetryd.ingest.framing import Framer
from telemetryd.ingest.ledger import Ledger
from telemetryd.instrumentation import Instrumentation
from telemetryd.model.codec import Batch, decode_frame
from telemetryd.model.settings import Settings
from telemetryd.storage.files import Files
from telemetryd.storage.folder import Folder
from telemetryd.storage.journal import ActiveSegment
from telemetryd.storage.records import Checkpoint, EventsRecord, encode_record
from telemetryd.storage.sealer import seal

from . import frames
from .ingest import ours, speed
from .lines import Account, Line
from .run import Run

STAGES = {
    "cut": "cutting the stream into lines",
    "decode": "making events of a line",
    "admit": "looking whether their time can be",
    "record": "the journal's record: checksum and copies",
    "write": "writing it, and its part of an fdatasync",
    "apply": "the operations they belong to, rows, the window of the recent past",
    "forget": "letting go of the events",
    "rotate": "a new segment of the journal, with a checkpoint",
    "seal": "rows to a part, and to its rollups, on disk",
}
# As much as the event loop reads at once, and as many pieces as there are in a turn: an fdatasync for each 15 batches.
_PIECE = 256 * 1024
_PIECES = 8


def measure(run: Run) -> Account:
    """Return the lines."""
    found: dict[str, list[float]] = {name: [] for name in (*STAGES, "daemon")}
    rounds = run.sizes.ingest_rounds
    for number in range(rounds):
        run.step(f"round {number + 1}", number / rounds)
        load = frames.load_of(run.sizes.ingest_operations, 1)
        path = frames.kept(load, run.folder)
        for name, took in _told(path, run.cores.measured).items():
            found[name].append(took)
        found["daemon"].append(1e6 / speed(run, ours, "acknowledged", path, load.events).cpu)
        path.unlink()
    what = "CPU time of an event"
    sums = [sum(each) for each in zip(*(found[name] for name in STAGES), strict=True)]
    return Account(
        [
            *(Line(f"{what}: {says}", "µs", found[name]) for name, says in STAGES.items()),
            Line(f"{what}: the sum of these stages", "µs", sums),
            Line(f"{what}: in the daemon", "µs", found["daemon"]),
        ]
    )


def _told(load: Path, core: int | None) -> dict[str, float]:
    command = [*on_core(core), sys.executable, "-m", "benchmark.stages", str(load)]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if told.returncode:
        raise SystemExit(f"expected the stages' times, found none:\n{told.stderr[-2000:]}")
    return dict(json.loads(told.stdout))


class Watch:
    """Adds up the CPU time of this thread, by stage."""

    def __init__(self) -> None:
        self.took: Counter[str] = Counter()
        self._at = time.thread_time_ns()

    def begin(self) -> None:
        """What was done until now belongs to no stage."""
        self._at = time.thread_time_ns()

    def done(self, stage: str) -> None:
        """What was done since then was this stage."""
        now = time.thread_time_ns()
        self.took[stage] += now - self._at
        self._at = time.thread_time_ns()


def main(arguments: Sequence[str]) -> int:
    """Be the process: take a load's frames all the way and print the µs of each stage for an event."""
    keep_out()
    gc.set_threshold(*GC_THRESHOLDS)
    (sent,), _ = frames.read(Path(arguments[0]))
    with TemporaryDirectory(prefix="td-") as name:
        # What is imported and made once is not counted.
        way(sent[:20], Path(name, "once"))
        took, events = way(sent, Path(name, "measured"))
    print(json.dumps({stage: took[stage] / events / 1000 for stage in STAGES}))
    return 0


def way(sent: Sequence[bytes], path: Path) -> tuple[Counter[str], int]:
    """Return the ns of each stage, and how many events there were."""
    settings, files, watch, events = Settings(), Files(), Watch(), 0
    folder = Folder(files, str(path))
    framer = Framer(settings.ingest.max_line_bytes)
    stream = b"".join(sent)
    with folder.locked():
        ledger = Ledger(settings, Instrumentation())
        segment = _segment(files, folder, ledger)
        for first in range(0, len(stream), _PIECE * _PIECES):
            now = time.time()
            pieces = [
                stream[at : at + _PIECE] for at in range(first, min(len(stream), first + _PIECE * _PIECES), _PIECE)
            ]
            watch.begin()
            lines = [line for piece in pieces for line in framer.feed(piece) if isinstance(line, bytes)]
            watch.done("cut")
            batches = [decode_frame(line) for line in lines]
            watch.done("decode")
            for batch in batches:
                assert isinstance(batch, Batch)
                admit(batch.events, now, settings.telemetry.retention_days)
            watch.done("admit")
            numbers = range(ledger.sequence, ledger.sequence + len(lines))
            records = [
                encode_record(EventsRecord(number, now, "it", number, line))
                for number, line in zip(numbers, lines, strict=True)
            ]
            watch.done("record")
            segment.append(records)
            segment.sync()
            watch.done("write")
            for batch in batches:
                assert isinstance(batch, Batch)
                ledger.apply_events(batch.events, "it", batch.number, now)
                events += len(batch.events)
            watch.done("apply")
            batches = []
            del batch
            watch.done("forget")
            if len(ledger.head) >= settings.storage.head_rows:
                segment = _sealed(watch, files, folder, ledger, segment)
        _sealed(watch, files, folder, ledger, segment).abandon()
    return watch.took, events


def _segment(files: Files, folder: Folder, ledger: Ledger) -> ActiveSegment:
    return ActiveSegment.create(files, folder, Checkpoint(ledger.sequence, True, ledger.checkpoint()))


def _sealed(watch: Watch, files: Files, folder: Folder, ledger: Ledger, segment: ActiveSegment) -> ActiveSegment:
    """Do what is due when a head is full, and return the segment that follows."""
    watch.begin()
    frozen = ledger.freeze(detailed=True)
    segment.abandon()
    following = _segment(files, folder, ledger)
    watch.done("rotate")
    if frozen is not None:
        seal(files, folder, frozen, Settings().telemetry.sampling_interval)
    watch.done("seal")
    return following


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
