"""A task that should run for ever says so when it does not."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from telemetryd.instrumentation import Instrumentation
from telemetryd.supervisor import eternal


class Lines:
    """A logger that keeps the values it is told."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []

    def critical(self, line: str, **values: Any) -> None:
        self.told.append(values)


class Fault:
    """Where a fault is reported; ``happened`` is set by the first."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.happened = asyncio.Event()

    def __call__(self, name: str) -> None:
        self.names.append(name)
        self.happened.set()


async def test_a_task_that_returns_is_a_fault() -> None:
    """It is named, counted, and its context goes on to its own end."""

    async def brief() -> None:
        return

    log, fault = Lines(), Fault()
    instrumentation = Instrumentation(log)
    async with eternal("brief", brief(), instrumentation, fault):
        await asyncio.wait_for(fault.happened.wait(), 10)
    assert fault.names == ["brief"]
    assert log.told == [{"kind": "TaskFailed", "task": "brief", "error": "it returned, and should never"}]


@pytest.mark.parametrize("error", [OSError("disk gone"), KeyError("x"), AssertionError()])
async def test_a_task_that_raises_is_a_fault(error: Exception) -> None:
    """Whatever it raises: the error is told, and goes no further."""

    async def broken() -> None:
        raise error

    log, fault = Lines(), Fault()
    async with eternal("broken", broken(), Instrumentation(log), fault):
        await asyncio.wait_for(fault.happened.wait(), 10)
    assert log.told == [{"kind": "TaskFailed", "task": "broken", "error": f"{type(error).__name__}: {error}"}]


async def test_a_task_that_is_cancelled_by_another_is_a_fault() -> None:
    """It ends in silence otherwise, as where something that it waits for was cancelled."""

    async def cancelled() -> None:
        raise asyncio.CancelledError

    log, fault = Lines(), Fault()
    async with eternal("cancelled", cancelled(), Instrumentation(log), fault):
        await asyncio.wait_for(fault.happened.wait(), 10)
    error = "it was cancelled, and not by its supervisor"
    assert log.told == [{"kind": "TaskFailed", "task": "cancelled", "error": error}]


async def test_a_task_is_cancelled_at_the_end_of_its_context() -> None:
    """Which is no fault, and is waited for."""
    steps: list[str] = []

    async def patient() -> None:
        steps.append("begun")
        try:
            await asyncio.Event().wait()
        finally:
            steps.append("ended")

    fault = Fault()
    async with eternal("patient", patient(), Instrumentation(Lines()), fault):
        await asyncio.sleep(0)
    assert steps == ["begun", "ended"]
    assert fault.names == []


async def test_a_task_that_can_stop_is_asked_to_and_waited_for() -> None:
    """It finishes what it does; to return then is no fault."""
    steps: list[str] = []
    stop = asyncio.Event()

    async def careful() -> None:
        await stop.wait()
        await asyncio.sleep(0)
        steps.append("drained")

    fault = Fault()
    async with eternal("careful", careful(), Instrumentation(Lines()), fault, stop.set):
        pass
    assert steps == ["drained"]
    assert fault.names == []


async def test_a_task_that_fails_while_it_stops_is_a_fault() -> None:
    """What could not be drained has to be known."""
    stop = asyncio.Event()

    async def clumsy() -> None:
        await stop.wait()
        raise OSError("disk gone")

    fault = Fault()
    async with eternal("clumsy", clumsy(), Instrumentation(Lines()), fault, stop.set):
        pass
    assert fault.names == ["clumsy"]


async def test_an_error_inside_the_context_still_stops_the_task() -> None:
    """And is the one that comes out."""
    stop = asyncio.Event()

    async def careful() -> None:
        await stop.wait()

    with pytest.raises(LookupError, match="ours"):
        async with eternal("careful", careful(), Instrumentation(Lines()), Fault(), stop.set):
            raise LookupError("ours")
    assert stop.is_set()
