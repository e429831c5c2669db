"""Who tells systemd how the daemon does, from its first to its last moment: started, ready, alive, reloading, stopping."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from telemetryd import systemd
from telemetryd.ingest.pace import Signs
from telemetryd.instrumentation import Instrumentation
from telemetryd.instrumentation.service_events import Revived, Stalled
from telemetryd.watchdog import LONGEST, stall

# How often it looks, at the least, and how much longer a start or a stop that moves may take, in seconds.
_LOOK = 5.0
EXTENSION = 120.0


class Vigil:
    """Looks every few seconds, on the event loop, which proves that this turns.

    While the daemon starts and while it stops, more time is asked for whenever ``progress()`` is another than
    the last time. Between, a sign of life is given unless the recorder has stalled for longer than the watchdog's
    time; why it has is told, in the log and to systemd. What could not be sent is told again at the next look.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        instrumentation: Instrumentation,
        progress: Callable[[], object],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._notifier = systemd.Notifier(environment)
        self._instrumentation = instrumentation
        self._progress = progress
        self._monotonic = monotonic
        self._longest = systemd.watchdog_seconds(environment)
        self._phase = "starting: the journal is replayed"
        self._signs: Callable[[], Signs] | None = None
        self._status: Callable[[], str] = str
        self._told = ""
        # Changes of state that were not sent yet, in their order.
        self._owed: list[str] = []
        self._seen: object = None
        self._stalled_at: float | None = None
        self.problem = ""

    @property
    def pause(self) -> float:
        """How long it is between two looks, in seconds."""
        return _LOOK if self._longest is None else min(_LOOK, self._longest / 3)

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            self.look()
            await asyncio.sleep(self.pause)

    def look(self) -> None:
        """Judge, and tell."""
        if self._signs is None:
            self._extend()
        elif self._lives(self._signs()):
            self._tell(self._status(), *(["WATCHDOG=1"] if self._longest is not None else []))
        else:
            self._tell(f"stalled: {self.problem}")

    def ready(self, signs: Callable[[], Signs], status: Callable[[], str]) -> None:
        """The daemon has started; from now on its ``signs`` are watched, and its ``status`` is told in one sentence."""
        self._signs, self._status = signs, status
        self._owed.append("READY=1")
        self._tell(status())

    @contextmanager
    def reloading(self) -> Iterator[None]:
        """The daemon reloads inside the context, and has reloaded after it, whatever came of it."""
        # What is owed of an earlier reload is out of date.
        self._owed = [systemd.reload_begun()]
        self._tell(self._told)
        try:
            yield
        finally:
            self._owed.append("READY=1")
            self._tell(self._told)

    def stopping(self) -> None:
        """The daemon finishes what it has taken."""
        self._signs, self._seen = None, None
        self._phase = "stopping: what was taken is stored"
        self._owed.append("STOPPING=1")
        self._tell(self._phase)

    def close(self) -> None:
        """Tell nothing more."""
        self._notifier.close()

    def _extend(self) -> None:
        seen = self._progress()
        if self._tell(self._phase, *([systemd.extension(EXTENSION)] if seen != self._seen else [])):
            self._seen = seen

    def _lives(self, signs: Signs) -> bool:
        now = self._monotonic()
        self.problem = stall(signs, now, self._longest or LONGEST)
        if self.problem and self._stalled_at is None:
            self._stalled_at = now
            self._instrumentation.emit(Stalled(self.problem))
        elif not self.problem and self._stalled_at is not None:
            self._instrumentation.emit(Revived(round(now - self._stalled_at)))
            self._stalled_at = None
        return not self.problem

    def _tell(self, status: str, *states: str) -> bool:
        """Tell what is owed, then the states, and the status where it is another than the last; return whether all was sent."""
        while self._owed:
            if not self._notifier.notify(self._owed[0]):
                return False
            del self._owed[0]
        if status != self._told:
            states = (*states, f"STATUS={status}")
        if states and not self._notifier.notify("\n".join(states)):
            return False
        self._told = status
        return True
