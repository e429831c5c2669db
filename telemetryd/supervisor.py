"""Named tasks that run for ever: one that returns or raises is a fault, and says so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from telemetryd.instrumentation import Instrumentation
from telemetryd.instrumentation.events import TaskFailed

OnFault = Callable[[str], None]


@asynccontextmanager
async def eternal(
    name: str,
    task: Coroutine[Any, Any, None],
    instrumentation: Instrumentation,
    on_fault: OnFault,
    stop: Callable[[], None] | None = None,
) -> AsyncIterator[None]:
    """Run ``task`` inside the context; ``on_fault(name)`` where it ends before the context does.

    At the end ``stop()`` asks it to finish, which is waited for; without ``stop`` it is cancelled.
    """
    stopping = False

    async def watched() -> None:
        try:
            await task
            error = "it returned, and should never"
        except asyncio.CancelledError:
            if stopping:
                raise
            error = "it was cancelled, and not by its supervisor"
        except Exception as fault:  # the supervisor: whatever it is, the daemon must know
            error = f"{type(fault).__name__}: {fault}"
        else:
            if stopping:
                return
        instrumentation.emit(TaskFailed(name, error))
        on_fault(name)

    running = asyncio.create_task(watched(), name=name)
    try:
        yield
    finally:
        stopping = True
        if stop is None:
            running.cancel()
        else:
            stop()
        await asyncio.wait([running])
