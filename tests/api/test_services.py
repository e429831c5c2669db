"""What the API asks for is what the daemon has."""

from __future__ import annotations

import inspect

import pytest

from telemetryd.api import services
from telemetryd.config import Configuration
from telemetryd.daemon import LiveConfiguration
from telemetryd.query.engine import QueryEngine


@pytest.mark.parametrize(
    ("asked", "name", "real"),
    [
        (services.Queries, "metrics", QueryEngine),
        (services.Queries, "operations", QueryEngine),
        (services.Queries, "operation", QueryEngine),
        (services.LiveConfiguration, "sampling_interval", LiveConfiguration),
        (services.LiveConfiguration, "config", LiveConfiguration),
        (services.LiveConfiguration, "pending_restart", LiveConfiguration),
        (services.LiveConfiguration, "update", LiveConfiguration),
        (services.LiveConfiguration, "config", Configuration),
        (services.LiveConfiguration, "pending_restart", Configuration),
    ],
)
def test_what_is_asked_for_is_there(asked: type, name: str, real: type) -> None:
    """Each method that the API calls has the same parameters in the part that answers it."""
    wanted, found = (inspect.signature(getattr(kind, name)) for kind in (asked, real))
    assert list(found.parameters.values()) == list(wanted.parameters.values())
    assert inspect.iscoroutinefunction(getattr(real, name)) == inspect.iscoroutinefunction(getattr(asked, name))
