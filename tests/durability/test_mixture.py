"""Everything at once, in any order, against a plain list of what was promised.

Producers send, come again and send late; heads are frozen, sealed and compacted, old hours go;
time passes, settings change; calls of the disk fail; the power goes at any of them, or the process
alone, or it stops in good order, and starts again. What was acknowledged is stored, once, and every
answer is right, after every start and in the end.
"""

from __future__ import annotations

import asyncio
import errno
import random
from collections import Counter
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from telemetryd.model.errors import StorageError
from telemetryd.model.events import Event, OperationStart
from telemetryd.model.timerange import DAY
from telemetryd.model.timerange import HOUR as AN_HOUR
from tests.disk.disk import CrashDisk, PowerCut
from tests.disk.faults import CHANGES, Fault
from tests.ingest.intake import HOUR, Clock, change

from .crashes import EFFORT, settle
from .world import SPAN, World, configuration_on

PRODUCERS = st.sampled_from(("p", "q", "r"))
# What goes on while something goes wrong.
MEANWHILE = st.sampled_from(("send", "tidy", "turn", "restart"))
SEEDS = st.integers(0, 2**32)


class Mixture(RuleBasedStateMachine):
    """One machine with a disk, and those who send to it; the daemon on it starts again and again.

    ``seen`` counts what all examples together have brought about.
    """

    seen: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.open: dict[str, list[tuple[str, float]]] = {}
        # Whether details are kept, and the interval: what is stored for sure, and then what may be.
        self.asked = [(True, 60)]

    @initialize()
    def begin(self) -> None:
        """An empty disk, and a first start."""
        self.world = World(CrashDisk(), clock=Clock())
        self.world.clock.now = HOUR + 6 * AN_HOUR + 1800.0
        self.world.intake.set("telemetry", retention_days=1)
        self.run(self.world.start())

    @rule(producers=st.lists(PRODUCERS, min_size=1, max_size=3, unique=True), count=st.integers(1, 4), data=st.data())
    def send(self, producers: list[str], count: int, data: st.DataObject) -> None:
        """Batches come in together: of now, late, or of hours ago; some end what earlier ones began."""
        sendings: list[tuple[str, list[Event]]] = []
        for producer in producers:
            hours_ago = data.draw(st.sampled_from((0, 0, 0, 1, 5)))
            at = max(self.world.clock.now - 5 - hours_ago * AN_HOUR, SPAN.start)
            leave_open = data.draw(st.booleans())
            events = self.world.events(producer, count, at, open_one=leave_open)
            ended = self.open.pop(producer, []) if hours_ago == 0 else []
            ends = [change(name, "completed", max(self.world.clock.now - 1, begun + 1)) for name, begun in ended]
            last = [event for event in events if isinstance(event, OperationStart)][-1]
            if leave_open:
                self.open.setdefault(producer, []).append((last.operation_id, last.timestamp))
            sendings.append((producer, [*ends, *events]))
        self.run(self.world.send(*sendings))

    @rule(data=st.data())
    def send_again(self, data: st.DataObject) -> None:
        """A batch that is stored comes again: it is a duplicate."""
        kept = [
            each for each in self.world.promises.sent if each.number <= self.world.promises.kept.get(each.producer, 0)
        ]
        if kept:
            batch = data.draw(st.sampled_from(kept))
            self.run(self.world.submit([batch]))

    @rule()
    def rotate(self) -> None:
        """The head is frozen."""
        self.run(self.world.rotate())

    @rule(step=st.sampled_from(("seal", "compact", "summarise", "turn")))
    def keep_house(self, step: str) -> None:
        """What is frozen is sealed, finished hours are compacted."""
        self._retire()
        self.run(self.world.keep_house(step))

    @rule()
    def retain(self) -> None:
        """Hours that are older than the retention go."""
        self._retire()
        self.run(self.world.keep_house("retain"))

    @rule(seconds=st.sampled_from((1.0, 1800.0, 5400.0, 25.0 * AN_HOUR)))
    def let_time_pass(self, seconds: float) -> None:
        """Hours end and can be compacted, and after a day they are older than the retention."""
        self.world.clock.now = min(self.world.clock.now + seconds, SPAN.end - AN_HOUR)

    @rule(detailed=st.booleans(), interval=st.sampled_from((1, 10, 60)))
    def change_settings(self, detailed: bool, interval: int) -> None:
        """Rows are kept or not from here on, samples are of another width; where that cannot be stored, all is as before."""
        self.asked.append((detailed, interval))
        self.run(self._store_settings(detailed, interval))

    @rule(
        verb=st.sampled_from(("", "", *CHANGES)),
        after=st.integers(0, 6),
        times=st.integers(1, 3),
        space=st.booleans(),
        meanwhile=MEANWHILE,
    )
    def fail(self, verb: str, after: int, times: int, space: bool, meanwhile: str) -> None:
        """A call of the disk fails, soon, and perhaps some after it."""
        faults = self.disk.faults
        # One spell at a time: whoever comes again gives up after a dozen tries.
        faults.plan[:] = [Fault(verb, faults.counts[verb] + 1 + after, errno.ENOSPC if space else errno.EIO, times)]
        self._do(meanwhile)

    @rule(calls=st.integers(0, 25), meanwhile=MEANWHILE)
    def lose_power_meanwhile(self, calls: int, meanwhile: str) -> None:
        """At a call to come."""
        self.disk.cut_at = self.disk.calls + calls
        self._do(meanwhile)

    @rule(seed=SEEDS)
    def lose_power(self, seed: int) -> None:
        """At once, with nothing going on."""
        self._start_on(self.disk.crashed(random.Random(seed)))

    @rule()
    def kill(self) -> None:
        """The process goes, and the cache stays."""
        self._start_on(self.disk.killed())

    @rule()
    def restart(self) -> None:
        """A stop in good order, and a start."""
        self.run(self._restart())

    @rule()
    def look(self) -> None:
        """Answers are right at any time."""
        self.run(self.world.verify())

    def teardown(self) -> None:
        """In the end everything that was sent is stored, once, and what is retired may be gone."""
        if hasattr(self, "world"):
            try:
                self.disk.faults.clear()
                self.disk.cut_at = None
                self.run(settle(self.world))
                self._note()
                self.seen["batches"] += len(self.world.promises.sent)
                self.seen["retired batches"] += len(self.world.promises.retired)
            finally:
                self.loop.run_until_complete(self.world.end())
        self.loop.close()

    @property
    def disk(self) -> CrashDisk:
        assert isinstance(self.world.disk, CrashDisk)
        return self.world.disk

    def run(self, doing: Coroutine[Any, Any, Any]) -> None:
        """Do something; where the power goes meanwhile, start again."""
        try:
            self.loop.run_until_complete(doing)
        except PowerCut:
            assert self.disk.off
            self.seen["power lost during a call"] += 1
        if self.disk.off:
            self._start_on(self.disk.crashed(random.Random(self.disk.calls)))

    def _do(self, what: str) -> None:
        if what == "send":
            self.run(self.world.send(("p", self.world.events("p", 2)), ("q", self.world.events("q", 9))))
            self.run(self.world.stream("s", 3))
        elif what == "tidy":
            self.run(self.world.tidy())
        elif what == "restart":
            self.run(self._restart())
        else:
            self.keep_house(what)

    async def _restart(self) -> None:
        await self.world.stop()
        self._load_settings()
        await self.world.start()

    async def _store_settings(self, detailed: bool, interval: int) -> None:
        changes = {"enable_detailed_timing": detailed, "sampling_interval": interval}
        with suppress(StorageError):
            configuration_on(self.disk).update(changes)
            self.asked = [(detailed, interval)]
            self.world.intake.set("telemetry", **changes)

    def _load_settings(self) -> None:
        """Go on with the settings on the disk: those that were stored last, or some that were refused since."""
        configuration = configuration_on(self.disk)
        telemetry = configuration.settings.telemetry
        found = telemetry.enable_detailed_timing, telemetry.sampling_interval
        assert not configuration.damaged and found in self.asked, f"expected one of {self.asked}, found {found}"
        self.asked = [found]
        self.world.intake.set("telemetry", enable_detailed_timing=found[0], sampling_interval=found[1])

    def _start_on(self, disk: CrashDisk) -> None:
        """Start on what is left of the disk; the daemon before it is gone, and all it told stands."""
        before, failing = self.world, self.disk
        self._note()
        self.loop.run_until_complete(before.end())
        disk.faults.plan.extend(failing.faults.plan)
        self.world = World(disk, before.promises, before.clock)
        self.world.intake.settings = before.intake.settings
        self._load_settings()
        self.run(self.world.start())
        self.run(self.world.verify())

    def _note(self) -> None:
        """Count what came about since the last start, which is over."""
        assert self.disk.mistrusted == [], "a file was used again whose sync had failed"
        self.seen["starts"] += 1
        self.seen["faults"] += len(self.disk.faults.raised)
        self.seen["days"] += self.world.intake.instrumentation.counts["Summarised"]
        self.seen["compactions"] += self.world.intake.instrumentation.counts["Compacted"]

    def _retire(self) -> None:
        """Of what is stored and older than the retention nothing is promised from now on."""
        promises = self.world.promises
        oldest = self.world.clock.now - DAY
        promises.retired |= {
            batch.key
            for batch in promises.sent
            if batch.number <= promises.kept.get(batch.producer, 0)
            and any(event.timestamp // AN_HOUR * AN_HOUR + AN_HOUR <= oldest for event in batch.events)
        }


@pytest.mark.timeout(600 * EFFORT)
def test_whatever_happens_in_whatever_order_what_was_acknowledged_is_stored_once_and_right() -> None:
    """A plain list of what was sent and promised says what is to be found."""
    Mixture.seen.clear()
    run_state_machine_as_test(
        Mixture,
        settings=settings(
            max_examples=30 * EFFORT,
            stateful_step_count=40,
            deadline=None,
            derandomize=EFFORT == 1,
            database=None,
            print_blob=True,
            # To find a smaller example takes minutes.
            phases=[Phase.generate] if EFFORT == 1 else [Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        ),
    )
    print(dict(sorted(Mixture.seen.items())))
    assert all(
        Mixture.seen[word] for word in ("power lost during a call", "faults", "compactions", "days", "retired batches")
    )
