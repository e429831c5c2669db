"""The configuration of a daemon that runs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from telemetryd.config import Configuration
from telemetryd.config_live import LiveConfiguration
from telemetryd.instrumentation import Instrumentation
from telemetryd.model.errors import InvalidParameter


async def test_changed_settings_hold_at_once_and_tell_who_listens(configure: Callable[..., Configuration]) -> None:
    """A wrong one changes nothing and tells nobody."""
    live = LiveConfiguration(configure(), Instrumentation())
    told: list[bool] = []
    live.changed = lambda: told.append(live.settings().telemetry.enabled)
    assert await live.update({"enabled": False, "sampling_interval": 30}) == []
    assert (told, live.sampling_interval(), live.config()["enabled"]) == ([False], 30, False)
    with pytest.raises(InvalidParameter):
        await live.update({"enabled": True, "sampling_interval": 7})
    assert (told, live.settings().telemetry.enabled) == ([False], False)
