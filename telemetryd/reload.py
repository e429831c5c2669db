"""Reading the settings again while the daemon runs: all of it is right and holds at once, or nothing changes.

Whoever takes something from the settings once, such as a file that they name, is a party: its
``prepare(settings)`` reads and checks all that it needs, changes nothing, and returns ``commit``, which
cannot fail. First every party prepares, then every one commits, or none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import TypeAlias

from telemetryd import config_named
from telemetryd.config import Configuration
from telemetryd.config_live import LiveConfiguration
from telemetryd.instrumentation import Instrumentation
from telemetryd.instrumentation.config_events import Reloaded, ReloadRefused, SettingWrong, StoredSettingsUnused
from telemetryd.model.errors import SettingsError
from telemetryd.model.settings import Settings

Commit: TypeAlias = Callable[[], None]
# Called in a thread with the settings that will hold; raises SettingsError with a sentence for each mistake.
Prepare: TypeAlias = Callable[[Settings], Commit]

# A file that is something else altogether has a mistake in every line.
MAX_MISTAKES_TOLD = 20


@dataclass(frozen=True, slots=True)
class LastReload:
    """How the last reload went, the start being the first: ``at`` and ``succeeded_at`` in Unix s."""

    at: float
    succeeded: bool
    succeeded_at: float


class Reload:
    """Reloads whenever it is asked to, one after the other; who asks while one is under way is served by one more.

    ``parties`` prepare in their order. ``around()`` is entered for the time that a reload takes.
    """

    def __init__(
        self,
        live: LiveConfiguration,
        instrumentation: Instrumentation,
        clock: Callable[[], float],
        asked: asyncio.Event | None = None,
        around: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._live = live
        self._instrumentation = instrumentation
        self._clock = clock
        self._asked = asyncio.Event() if asked is None else asked
        self._around = around
        self._stopped = False
        self.parties: list[Prepare] = []
        self.last = LastReload(now := clock(), True, now)

    def ask(self) -> None:
        """Have the settings read again soon."""
        self._asked.set()

    def stop(self) -> None:
        """Finish the reload that is under way, and end."""
        self._stopped = True
        self._asked.set()

    async def run(self) -> None:
        """Reload whenever asked to, until told to stop."""
        while True:
            await self._asked.wait()
            if self._stopped:
                return
            self._asked.clear()
            with self._around():
                await self.reload()

    async def reload(self) -> bool:
        """Read the settings again and have them hold; False where they are wrong, and nothing has changed."""
        emit = self._instrumentation.emit
        try:
            after, changed, waiting = await self._live.replace(self._prepare)
        except SettingsError as error:
            self.last = replace(self.last, at=self._clock(), succeeded=False)
            for mistake in error.mistakes[:MAX_MISTAKES_TOLD]:
                emit(SettingWrong(mistake))
            emit(ReloadRefused(self._live.digest(), len(error.mistakes)))
            return False
        self.last = LastReload(now := self._clock(), True, now)
        for notice in after.notices:
            emit(StoredSettingsUnused(notice))
        emit(Reloaded(after.digest, len(changed), len(waiting)))
        return True

    def _prepare(self, before: Configuration) -> tuple[Configuration, Commit]:
        after = before.reread()
        commits: list[Commit] = []
        mistakes: list[str] = []
        for prepare in self.parties:
            try:
                commits.append(prepare(after.settings))
            except SettingsError as error:
                mistakes += error.mistakes
        # What waits for a restart would be found wrong when nobody looks.
        mistakes += config_named.mistakes(after.settings_at_restart())
        if mistakes:
            raise SettingsError(list(dict.fromkeys(mistakes)))

        def commit() -> None:
            for each in commits:
                each()

        return after, commit
