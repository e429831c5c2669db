"""PNG and SVG by a browser that is replaced on any doubt."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from telemetryd.model.errors import ChartFailed, ChartsUnavailable, ChartTimeout

from .browser import Browser, BrowserLost, FigureRefused
from .wire import BrowserEnded, BrowserStarted

# Longest time a browser may take to start; a second is usual.
_START = 20.0
_POLITE = 1.5
_TRIES = 2
# A figure that was begun shortly before its deadline has as long, before its browser is taken to hang.
_SLOW = 2.0
# Wait before a browser that does not start is tried again: twice as long each time.
_FIRST_WAIT, _LONGEST_WAIT = 2.0, 60.0


class Images:
    """Draws one image at a time; :meth:`end` may be called by any thread, the rest by one.

    ``tell`` is told of each browser. With ``sandbox`` Chromium's own is tried first, which not every
    machine allows; where no browser ever started in it, one is started without.
    """

    def __init__(
        self,
        folder: Path,
        tell: Callable[[BrowserStarted | BrowserEnded], None],
        *,
        sandbox: bool,
        patience: float = _START,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder = folder
        self._tell = tell
        self._sandbox = sandbox
        self._patience = patience
        self._proven = False
        self._clock = clock
        self._lock = Lock()
        self._ending = False
        self._browser: Browser | None = None
        self._started = 0.0
        self._welcomed = False
        self._refused: dict[str, _Refusal] = {}

    def prepare(self, path: str) -> None:
        """Begin to start a browser, which the first image will need."""
        self._start(path)

    def draw(self, figure: dict[str, Any], form: str, width: int, height: int, path: str, deadline: float) -> bytes:
        """Return ``figure`` as ``png`` or ``svg``, by the browser at ``path``.

        Raises :class:`ChartTimeout` at ``deadline``, :class:`ChartsUnavailable` where the browser does not
        start, and :class:`ChartFailed` where it cannot draw this figure, or was lost twice over it.
        """
        for _ in range(_TRIES):
            browser = self._opened(path, deadline)
            try:
                return browser.draw(figure, form, width, height, max(_SLOW, deadline - self._clock()))
            except FigureRefused as error:
                raise ChartFailed(f"plotly.js did not draw the figure: {error}") from error
            except TimeoutError:
                self._give_up("it did not draw a chart in time")
                raise ChartTimeout("the chart was not drawn in time") from None
            except BrowserLost as error:
                self._give_up(str(error))
                lost = error
        raise ChartFailed(f"{_TRIES} browsers were lost over the chart, the last because {lost}") from lost

    def end(self) -> None:
        """End the browser; none is started any more."""
        with self._lock:
            self._ending = True
            browser = self._browser
        if browser is not None:
            browser.close(_POLITE)

    def _opened(self, path: str, deadline: float) -> Browser:
        """Return a browser that can draw."""
        browser = self._browser
        if browser is not None and (browser.path != path or (self._welcomed and not browser.alive)):
            self._give_up("it ended" if browser.path == path else f"{path} takes its place")
        crashes = 0
        while True:
            browser = self._browser or self._start(path)
            until = self._started + self._patience
            try:
                if browser.opened(max(0.0, min(deadline, until) - self._clock())):
                    self._welcome(browser)
                    return browser
                if self._clock() < until:
                    # It goes on starting, for the next chart.
                    raise ChartTimeout("the browser did not start in time")
                self._refuse(browser, f"it did not answer within {self._patience:g} s")
            except BrowserLost as error:
                crashes += browser.crashed
                if browser.crashed and crashes < _TRIES:
                    # Chromium was seen to do that, rarely: it starts the next time.
                    self._give_up(str(error))
                else:
                    self._refuse(browser, str(error))

    def _start(self, path: str) -> Browser:
        refusal = self._refused.get(path)
        if refusal is not None and self._clock() < refusal.until:
            raise refusal.error(self._clock())
        with self._lock:
            if self._ending:
                raise ChartsUnavailable("the daemon is stopping")
            self._browser = Browser(path, self._folder, sandbox=self._sandbox)
        self._started, self._welcomed = self._clock(), False
        return self._browser

    def _welcome(self, browser: Browser) -> None:
        if not self._welcomed:
            self._welcomed = self._proven = True
            self._refused.clear()
            self._tell(BrowserStarted(browser.path, browser.pid, browser.sandbox))

    def _refuse(self, browser: Browser, reason: str) -> None:
        """Give up a browser that does not start; raises :class:`ChartsUnavailable` where no other is worth trying."""
        self._give_up(reason)
        if self._sandbox and not self._proven:
            self._sandbox = False
            return
        failures = self._refused[browser.path].failures + 1 if browser.path in self._refused else 1
        pause = min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** (failures - 1))
        refusal = _Refusal(f"the browser {browser.path} does not start: {reason}", self._clock() + pause, failures)
        self._refused = {browser.path: refusal}
        raise refusal.error(self._clock())

    def _give_up(self, reason: str) -> None:
        if self._browser is not None:
            self._browser.close()
            self._browser = None
            self._tell(BrowserEnded(reason))


@dataclass(frozen=True, slots=True)
class _Refusal:
    """A browser that did not start, how often, and until when it is not tried again."""

    reason: str
    until: float
    failures: int

    def error(self, now: float) -> ChartsUnavailable:
        error = ChartsUnavailable(self.reason)
        error.retry_after = max(1.0, self.until - now)
        return error
