"""``GET /realtime``."""

from __future__ import annotations

import pytest

from .conftest import Server


async def test_the_window_is_five_minutes(server: Server) -> None:
    """Without a parameter the window is 300 s; what is no number is null."""
    found = await server.json("realtime")
    assert found["operation"] == "get_realtime_telemetry"
    assert found["window"] == 300
    assert found["latency"]["add:ipfs"]["mean"] is None


@pytest.mark.parametrize("window", ["1", "60", "3600", "0.5e2"])
async def test_the_window_can_be_chosen(server: Server, window: str) -> None:
    """Any window from a second to an hour is taken."""
    assert (await server.json(f"realtime?window={window}"))["window"] == float(window)


@pytest.mark.parametrize(
    "query",
    [
        "window=0",
        "window=-1",
        "window=3601",
        "window=nan",
        "window=inf",
        "window=",
        "window=x",
        "window=1_0",
        "window=%D9%A3",
        "window=1&window=1",
        "windo=1",
    ],
)
async def test_wrong_windows_are_named(server: Server, query: str) -> None:
    """A window beyond its bounds, no number, given twice or misspelt is a 400 that names it."""
    found = await server.json(f"realtime?{query}", 400)
    assert found["operation"] == "get_realtime_telemetry"
    assert found["error_type"] == "invalid_parameter"
    assert found["error"].startswith(query.partition("=")[0])
