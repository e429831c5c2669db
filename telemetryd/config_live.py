"""The configuration of a daemon that runs: asked by everyone, replaced whole by ``POST /config`` or a reload."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

from telemetryd.config import Configuration
from telemetryd.config_changes import Change, changed, overruled, waiting
from telemetryd.instrumentation import Instrumentation
from telemetryd.instrumentation.config_events import SettingChanged, SettingOverruled, SettingWaits
from telemetryd.model.settings import Settings

# What makes another configuration of one, and a call that cannot fail and makes it hold.
Make: TypeAlias = Callable[[Configuration], tuple[Configuration, Callable[[], None]]]


class Replaced(NamedTuple):
    """The configuration that took another's place, what is different, and what differs from the next start on."""

    configuration: Configuration
    changed: list[Change]
    waiting: list[Change]


class LiveConfiguration:
    """The configuration in force, which ``POST /config`` and a reload replace whole, one after the other.

    ``changed`` is called after each.
    """

    def __init__(self, configuration: Configuration, instrumentation: Instrumentation) -> None:
        self._configuration = configuration
        self._instrumentation = instrumentation
        self._one_at_a_time = asyncio.Lock()
        self.changed: Callable[[], None] = lambda: None

    def settings(self) -> Settings:
        """Return the settings in force."""
        return self._configuration.settings

    def sampling_interval(self) -> int:
        """Return the width of a sample, in seconds."""
        return self._configuration.settings.telemetry.sampling_interval

    def may_remove(self) -> bool:
        """Return whether the retention is known: not where the file that tells it cannot be read."""
        return not self._configuration.damaged

    def digest(self) -> str:
        """Return the hash of the settings in force."""
        return self._configuration.digest

    def config(self) -> dict[str, Any]:
        """Return the six keys of ``GET /config``."""
        return self._configuration.config()

    def pending_restart(self) -> dict[str, Any]:
        """Return what was set and holds from the next start on."""
        return self._configuration.pending_restart()

    async def update(self, changes: Mapping[str, object]) -> list[str]:
        """Store and apply ``changes``, whole or not at all; return what whoever asked should know."""
        after, _, _ = await self.replace(lambda before: (before.update(changes), lambda: None))
        return after.warnings(changes)

    async def replace(self, make: Make) -> Replaced:
        """Put the configuration that ``make`` returns in place of the one it is given; it is called in a thread.

        With it ``make`` returns a call that hands the new settings to whoever does not ask for them each time.
        Where ``make`` raises, nothing has changed.
        """
        async with self._one_at_a_time:
            before = self._configuration
            after, hand_over = await asyncio.to_thread(make, before)
            hand_over()
            self._configuration = after
        self.changed()
        replaced = Replaced(after, changed(before, after), waiting(after))
        for each in replaced.changed:
            self._instrumentation.emit(SettingChanged(each.name, *each.told))
        for each in replaced.waiting:
            self._instrumentation.emit(SettingWaits(each.name, *each.told))
        for each in overruled(before, after):
            self._instrumentation.emit(SettingOverruled(each.name, *each.told))
        return replaced
