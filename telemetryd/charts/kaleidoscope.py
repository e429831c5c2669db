"""Kaleido as we use it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import kaleido  # type: ignore[import-untyped]

# A page keeps some memory of each figure; loading it anew takes longer than most figures.
RELOAD_EVERY = 25


def page_of(plotly: Path) -> str:
    """Return the page that figures are drawn in: this plotly.js, and nothing of another host."""
    return str(kaleido.PageGenerator(plotly=plotly.as_uri(), mathjax=False).generate_index())


class Kaleidoscope(kaleido.Kaleido):  # type: ignore[misc]  # it ships no types
    """Kaleido with one page, which it loads anew only now and then, between figures.

    ``on_start`` is called once the browser's process is there, ``ready`` is set once its page is. No
    figure has a deadline here. ``_return_kaleido_tab`` is a private name: in a release without it, the page
    is loaded after each figure.
    """

    def __init__(self, on_start: Callable[[], None], **options: Any) -> None:
        super().__init__(n=1, timeout=None, **options)
        self._on_start: Callable[[], None] | None = on_start
        self.ready = asyncio.Event()
        self._left = RELOAD_EVERY
        self._reloading: asyncio.Task[None] | None = None

    async def populate_targets(self) -> None:
        if self._on_start is not None:
            on_start, self._on_start = self._on_start, None
            on_start()
        await super().populate_targets()
        self.ready.set()

    async def reloaded(self) -> None:
        """Return once the page is there again; raises what kept it from that."""
        if self._reloading is not None:
            await self._reloading
            self._reloading = None

    async def _return_kaleido_tab(self, tab: Any) -> None:
        self._left -= 1
        if self._left > 0:
            await self.tabs_ready.put(tab)
            return
        self._left = RELOAD_EVERY
        self._reloading = asyncio.create_task(super()._return_kaleido_tab(tab))
