"""Facts and engines of a few events."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from telemetryd.query.engine import QueryEngine
from telemetryd.reports.facts import Facts

from .samples import MIDNIGHT, NOW, busy_day, engine
from .stand_ins import facts_of

# Not with as few examples as the folders that are collected before.
settings.load_profile("unhurried")

HOUR = 3600
# Of the short histories: they begin an hour before, and are looked at when an hour is over.
START = MIDNIGHT
EngineOf = Callable[..., QueryEngine]
Tell = Callable[..., Awaitable[Facts]]


@pytest.fixture
def engine_of(tmp_path: Path) -> Iterator[EngineOf]:
    """Make an engine that knows some events, ``now`` being an hour after ``START`` unless said otherwise."""
    made: list[QueryEngine] = []

    def make(events: Sequence[dict[str, Any]], now: float = START + HOUR) -> QueryEngine:
        in_order = sorted(events, key=lambda event: float(event["timestamp"]))
        made.append(engine(tmp_path / f"store-{len(made)}", in_order, now))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def tell(engine_of: EngineOf) -> Tell:
    """Return the facts of the hour from ``START`` on, of some events."""

    async def told(events: Sequence[dict[str, Any]], now: float = START + HOUR, **more: Any) -> Facts:
        asked = {"start": START, "end": START + HOUR} | more
        return await facts_of(engine_of(events, now), **asked)

    return told


@pytest.fixture(scope="session")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Facts:
    """The facts of a bad day after a calm one."""
    known = engine(tmp_path_factory.mktemp("busy") / "store", busy_day(), NOW)
    # In a thread, for the loop of a test is not that of a session.
    with ThreadPoolExecutor(1) as thread:
        facts = thread.submit(asyncio.run, facts_of(known, MIDNIGHT, NOW)).result()
    known.close()
    return facts
