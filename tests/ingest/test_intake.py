"""What a connection asks for is what the listener has."""

from __future__ import annotations

from telemetryd.ingest import intake as asked
from telemetryd.ingest.listener import Listener

from .intake import Intake


async def test_a_listener_has_all_that_a_connection_needs(intake: Intake) -> None:
    """By name and, as mypy sees it, by type."""
    await intake.prepare()
    listener = Listener(intake.recorder, lambda: intake.settings, intake.instrumentation, intake.clock)
    room: asked.Intake = listener
    names = {name for name in (*vars(asked.Intake), *asked.Intake.__annotations__) if not name.startswith("_")}
    assert names >= {"submit", "settled", "holds", "owes", "paused", "instrumentation"}
    assert [name for name in sorted(names) if not hasattr(room, name)] == []
