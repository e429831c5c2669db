"""A campaign: a daemon that is killed over and over, producers that are killed now and then, and the account at the end."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.end_to_end.daemon import ROOT, Daemon
from tests.end_to_end.parquet_files import QUICK
from tests.end_to_end.waiting import until
from tests.oracle.events import life

from .account import Account, settle, wrong_answers
from .emitting_producer import OPERATION_TYPE
from .load import SPREAD, Load
from .notes import emitted, read

# How a cycle ends, and how often of a hundred.
ENDS = {"SIGKILL": 80, "SIGKILL before it is ready": 12, "SIGTERM": 8}
# Longest life of a daemon that is ready, and of one that is not yet, in seconds.
READY_LIFE = 0.6
START_LIFE = 0.7
# One daemon in so many lives for so long (s): compaction catches up, for it begins anew where it was killed.
LONG_LIFE_EVERY = 20
LONG_LIFE = 4.0
# One cycle in so many stops the daemon for a moment, and one in so many kills a producer.
STOP_EVERY = 10
PRODUCER_EVERY = 3
# How many times as many cycles a campaign has at most until a call of the disk has failed.
LONGEST_LUCK = 10
HEAD_ROWS = (100, 1000, 20_000)
DRAIN = 120.0
# Mean pause between two batches of a producer, and between two bursts of an emitter (s).
RAW_PAUSE = "0.2"
EMITTING_PAUSE = "0.3"


class Violation(Exception):
    """The daemon broke a promise; the text says which, and in which cycle."""


@dataclass(slots=True)
class Outcome:
    """What a campaign has seen; ``failures`` are sentences, none where every promise was kept."""

    cycles: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    stopped: int = 0
    producers_killed: int = 0
    faults: int = 0
    refused_starts: int = 0
    seconds: float = 0.0
    account: Account = field(default_factory=Account)
    answers: int = 0
    books: dict[str, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)


class Campaign:
    """Runs ``cycles`` in ``folder``; with ``fault_chance``, each change of the disk fails so often.

    ``seed`` decides what is sent, and when what is killed; how far each process gets until then is
    the machine's.
    """

    def __init__(
        self, folder: Path, cycles: int, seed: int, *, raw: int = 3, emitting: int = 2, fault_chance: float = 0.0
    ) -> None:
        self.outcome = Outcome()
        self._folder = folder
        self._cycles = cycles
        self._random = Random(seed)
        self._load = Load(seed, int(time.time()))
        self._raw = [f"raw{number}" for number in range(raw)]
        self._emitting = [f"emitting{number}" for number in range(emitting)]
        self._producers: dict[str, subprocess.Popen[bytes]] = {}
        self._chance = fault_chance
        self._daemon = Daemon(folder, **QUICK)
        self._faults = folder / "faults"

    def run(self, progress: Callable[[Outcome], None] = lambda outcome: None) -> Outcome:
        """Run all cycles and settle the account; ``progress`` hears of every cycle."""
        begin = time.monotonic()
        try:
            for name in (*self._raw, *self._emitting):
                self._start_producer(name)
            while self.outcome.cycles < self._cycles or self._waits_for_a_fault:
                self._cycle()
                self.outcome.cycles += 1
                self.outcome.seconds = time.monotonic() - begin
                progress(self.outcome)
            self._settle()
        except (Violation, AssertionError) as error:
            self.outcome.failures.append(f"cycle {self.outcome.cycles + 1}: {error}")
        finally:
            for process in self._producers.values():
                process.kill()
                process.wait()
            self._daemon.end()
            if self._faults.exists():
                self.outcome.faults = self._faults.stat().st_size
            self.outcome.seconds = time.monotonic() - begin
        return self.outcome

    @property
    def _waits_for_a_fault(self) -> bool:
        """Whether chance has spared the disk so far; for ever it does not."""
        missing = self._chance > 0 and not (self._faults.exists() and self._faults.stat().st_size)
        return missing and self.outcome.cycles < LONGEST_LUCK * self._cycles

    def _cycle(self) -> None:
        chosen = self._random
        (end,) = chosen.choices(list(ENDS), ENDS.values())
        self._launch(chosen.choice(HEAD_ROWS))
        if end == "SIGKILL before it is ready":
            time.sleep(chosen.uniform(0, START_LIFE))
        elif self._ready():
            long = self.outcome.cycles % LONG_LIFE_EVERY == LONG_LIFE_EVERY - 1
            self._watch(LONG_LIFE if long else chosen.uniform(0, READY_LIFE))
        else:
            self.outcome.refused_starts += 1
            end = "refusal to start"
            if (code := self._daemon.wait()) != 1 or not self._daemon.events("cannot start"):
                raise Violation(
                    f"expected exit code 1 and a sentence of a daemon that cannot start, found {code}:\n{self._tail()}"
                )
        self.outcome.ends[end] += 1
        if end == "SIGTERM":
            code = self._daemon.stop()
            if code and not self._chance:
                raise Violation(f"expected exit code 0 after SIGTERM, found {code}:\n{self._tail()}")
        elif self._daemon.alive:
            self._daemon.kill()
        if "Traceback" in self._daemon.log_since_start:
            raise Violation(f"the daemon's log has a traceback:\n{self._tail()}")

    def _launch(self, head_rows: int) -> None:
        if self._chance:
            self._daemon.program = ("-m", "tests.torture.victim", str(self._chance))
        self._daemon.launch(TELEMETRYD_STORAGE_HEAD_ROWS=head_rows, TORTURE_FAULTS=self._faults)

    def _ready(self) -> bool:
        """Wait until the daemon is ready; with faults it may end instead, which is a refusal and no crash.

        On a disk that fails all the time it is never ready: that it serves is enough.
        """
        path = "/-/healthy" if self._chance else "/-/ready"
        alive = until(lambda: not self._daemon.alive or self._daemon.answers(path), "the daemon to be ready")
        if alive and self._daemon.alive:
            return True
        if not self._chance:
            raise Violation(f"the daemon did not start:\n{self._tail()}")
        return False

    def _watch(self, seconds: float) -> None:
        """Let the daemon live for a while, during which it has to answer rightly and things happen to it and to others."""
        until_then = time.monotonic() + seconds
        self._look()
        if self._random.randrange(STOP_EVERY) == 0:
            self._daemon.signal(signal.SIGSTOP)
            time.sleep(self._random.uniform(0.01, 0.3))
            self._daemon.signal(signal.SIGCONT)
            self.outcome.stopped += 1
        if self._random.randrange(PRODUCER_EVERY) == 0:
            name = self._random.choice([*self._raw, *self._emitting])
            self._producers[name].kill()
            self._producers[name].wait()
            self._start_producer(name)
            self.outcome.producers_killed += 1
        time.sleep(max(0.0, until_then - time.monotonic()))
        if not self._daemon.alive:
            raise Violation(f"the daemon ended by itself:\n{self._tail()}")
        for name, process in self._producers.items():
            if process.poll() is not None:
                raise Violation((self._folder / f"{name}.log").read_text()[-2000:])

    def _look(self) -> None:
        """What is counted just after a restart is at least what was acknowledged before, and at most what was sent."""
        acknowledged = self._started("acked")
        span = {"start_time": self._load.at - SPREAD, "end_time": time.time() + 60}
        found = self._daemon.get("metrics", metric_type="operation_count", aggregation="sum", **span)
        counted = {
            operation_type: sum(sample["count"] for (sample,) in by_backend.values())
            for operation_type, by_backend in found["metrics"]["operation_count"].items()
        }
        emitted_operations = counted.pop(OPERATION_TYPE, 0)
        noted = sum(emitted(self._folder / name).noted for name in self._emitting)
        if not acknowledged <= sum(counted.values()) <= self._started("sent"):
            raise Violation(
                f"{sum(counted.values())} operations are counted, {acknowledged} were acknowledged, {self._started('sent')} sent"
            )
        if emitted_operations > noted:
            raise Violation(f"{emitted_operations} operations of emitters are counted, {noted} were emitted")

    def _started(self, word: str) -> int:
        """Return how many operations start in the raw producers' batches that are noted under ``word``."""
        return sum(self._load.started(name, read(self._folder / name).get(word, 0)) for name in self._raw)

    def _start_producer(self, name: str) -> None:
        common = [sys.executable, "-m"]
        notes = str(self._folder / name)
        if name in self._raw:
            load = [str(self._load.seed), str(self._load.at)]
            command = [*common, "tests.torture.raw_producer", self._daemon.socket, name, *load, notes, RAW_PAUSE]
        else:
            spool = str(self._folder / f"{name}.spool")
            command = [
                *common,
                "tests.torture.emitting_producer",
                self._daemon.socket,
                name,
                notes,
                spool,
                EMITTING_PAUSE,
            ]
        # One that is told to end while it still starts is told as soon as it listens.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        try:
            with (self._folder / f"{name}.log").open("ab") as log:
                self._producers[name] = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def _settle(self) -> None:
        """Let everyone finish on a disk that is well, and compare."""
        self._chance, self._daemon.program = 0.0, ("-m", "telemetryd")
        self._launch(HEAD_ROWS[-1])
        self._ready()
        for process in self._producers.values():
            process.terminate()
        for name, process in self._producers.items():
            try:
                code = process.wait(DRAIN)
            except subprocess.TimeoutExpired:
                raise Violation(f"{name} was not acknowledged everything within {DRAIN:.0f} s") from None
            if code:
                raise Violation((self._folder / f"{name}.log").read_text()[-2000:])
        self.outcome.answers, wrong = wrong_answers(self._daemon, self._load, self._folder, self._raw)
        self.outcome.failures += [f"wrong answer: {each}" for each in wrong[:5]]
        self.outcome.failures += self._books()
        if code := self._daemon.stop():
            raise Violation(f"expected exit code 0 after SIGTERM, found {code}:\n{self._tail()}")
        metrics_path = self._daemon.metrics_path
        self.outcome.account = account = settle(self._load, self._folder, metrics_path, self._raw, self._emitting)
        self.outcome.failures += account.examples
        self.outcome.failures += self._fsck() + self._inspect()

    def _books(self) -> list[str]:
        """Send what is known to the last event, and see that the daemon's books say just that."""
        before = self._daemon.books()
        now = time.time()
        with self._daemon.producer() as producer:
            producer.hello("bookkeeper")
            producer.store(1, life("audited", now - 10))
            producer.batch(1, life("audited", now - 10))
            producer.expect_ack(1)
            producer.batch(2, [*life("audited too", now - 10), {"event": "unheard of"}])
            producer.expect_ack(2)
        after = self._daemon.books()
        moved = {word: after[word] - before[word] for word in ("received", "stored", "duplicate", "rejected")}
        self.outcome.books = {word: after[word] for word in (*moved, "discarded", "in_flight")}
        wrong = []
        expected = {"received": 10, "stored": 6, "duplicate": 3, "rejected": 1}
        if moved != expected:
            wrong.append(f"books: expected them to move by {expected}, found {moved}")
        settled = sum(after[word] for word in ("stored", "duplicate", "rejected", "discarded"))
        if after["in_flight"] or settled != after["received"]:
            wrong.append(f"books: expected received = stored + duplicate + rejected + discarded, found {after}")
        return wrong

    def _fsck(self) -> list[str]:
        """What ``telemetryd fsck`` says of the store at the end, where that is anything bad."""
        command = [sys.executable, "-m", "telemetryd", "fsck", "--metrics-path", str(self._daemon.metrics_path)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        return [] if done.returncode == 0 else [f"fsck: {done.stdout[-2000:]}{done.stderr[-2000:]}"]

    def _inspect(self) -> list[str]:
        """What is wrong with the books that ``telemetryd inspect`` shows of the store at the end."""
        command = [sys.executable, "-m", "telemetryd", "inspect", "--json", str(self._daemon.metrics_path)]
        shown = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout)["books"]
        (stopped,) = self._daemon.events("stopped")
        expected = {word: stopped[word] for word in ("received", "stored", "duplicate", "rejected", "discarded")}
        return (
            [] if shown == {**expected, "in_flight": 0} else [f"inspect: expected the books {expected}, found {shown}"]
        )

    def _tail(self) -> str:
        return self._daemon.log_since_start[-4000:]
