"""One page in a browser, which notes what a page must not do."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, expect

# A machine that is busy with other things draws slowly.
PATIENCE_MS = 60_000

expect.set_options(timeout=PATIENCE_MS)


class Visit:
    """A page of a daemon's dashboard. ``wrongs`` are errors on the console, uncaught errors, requests elsewhere."""

    def __init__(self, browser: Browser, url: str, options: dict[str, Any]) -> None:
        self.wrongs: list[str] = []
        # Errors on the console with one of these texts are what the test provokes.
        self.expected: tuple[str, ...] = ()
        self._host = urlsplit(url).netloc
        self._context = browser.new_context(**({"viewport": {"width": 1280, "height": 900}} | options))
        self._context.on("page", self._watch)
        self._context.set_default_timeout(PATIENCE_MS)
        self.page = self._context.new_page()
        self.page.goto(url)

    def text(self, locator: str) -> str:
        """Return what an element says."""
        return self.page.locator(locator).inner_text()

    def tile(self, name: str) -> Locator:
        """Return a tile of the live view."""
        return self.page.locator(f"[data-tile={name}]")

    def number(self, name: str) -> Locator:
        """Return a number of the history's summary."""
        return self.page.locator(f"[data-number={name}] dd").first

    def expect_live(self) -> None:
        """Wait until the stream has told something."""
        expect(self.page.locator(".stream-state")).to_have_text("Live")

    def faults(self) -> list[tuple[str, Any]]:
        """Return the serious faults that axe, which is loaded, finds in what is shown: each rule and where it is broken."""
        found = self.page.evaluate("axe.run(document, { resultTypes: ['violations'] }).then(run => run.violations)")
        return [
            (fault["id"], [node["target"] for node in fault["nodes"]])
            for fault in found
            if fault["impact"] in ("serious", "critical")
        ]

    def module(self, name: str, body: str, argument: object = None) -> Any:
        """Return what ``body`` makes of a module ``it`` of the page and of ``argument``."""
        return self.page.evaluate(
            f"async (argument) => {{ const it = await import('./static/{name}'); {body} }}", argument
        )

    def close(self) -> None:
        """Leave, and fail where anything was wrong."""
        self._context.close()
        assert not self.wrongs, self.wrongs

    def _watch(self, page: Page) -> None:
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.wrongs.append(f"uncaught: {error}"))
        page.on("request", self._asked)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not any(text in message.text for text in self.expected):
            self.wrongs.append(f"console: {message.text} ({message.location})")

    def _asked(self, request: Request) -> None:
        url = urlsplit(request.url)
        if url.scheme not in ("data", "blob") and url.netloc != self._host:
            self.wrongs.append(f"asked another host: {request.url}")
