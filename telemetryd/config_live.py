"""The configuration of a daemon that runs: asked by everyone, replaced whole by ``POST /config``."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from telemetryd.config import Configuration
from telemetryd.instrumentation import Instrumentation
from telemetryd.instrumentation.events import SettingsChanged
from telemetryd.model.settings import Settings


class LiveConfiguration:
    """The configuration in force, which ``POST /config`` replaces whole."""

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

    def config(self) -> dict[str, Any]:
        """Return the six keys of ``GET /config``."""
        return self._configuration.config()

    def pending_restart(self) -> dict[str, Any]:
        """Return what was set and holds from the next start on."""
        return self._configuration.pending_restart()

    async def update(self, changes: Mapping[str, object]) -> list[str]:
        """Store and apply ``changes``, whole or not at all; return what whoever asked should know."""
        async with self._one_at_a_time:
            self._configuration = await asyncio.to_thread(self._configuration.update, changes)
        self._instrumentation.emit(SettingsChanged(", ".join(f"{key}={value!r}" for key, value in changes.items())))
        self.changed()
        return self._configuration.warnings(changes)
