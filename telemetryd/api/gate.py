"""What a request passes before anything is done for it: its host, its site, its token, its rate. In this order."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from telemetryd.instrumentation.access_events import (
    AdminRequest,
    NetworkOpen,
    RequestRefused,
    TokensChanged,
    TokensInClear,
)
from telemetryd.instrumentation.events import InternalEvent
from telemetryd.model.errors import SettingsError, TelemetrydError
from telemetryd.model.http_settings import HttpSettings
from telemetryd.model.settings import Settings

from .access import CALLER, Access
from .errors import RateLimited
from .hosts import Hosts
from .limits import RateLimit
from .listen import UNIX, is_beyond_loopback, open_network
from .sites import refuse_other_sites
from .tokens import ADMIN, differences

# What is counted apart: a column of the table of routes.
CHARTS, REPORTS = "charts", "reports"


class Gate:
    """Lets requests in or refuses them, by the settings; ``emit`` is told of refusals and of what administrators do."""

    def __init__(
        self, settings: Settings | None = None, emit: Callable[[InternalEvent], None] = lambda event: None
    ) -> None:
        """Read what ``settings`` name, the defaults where none are given; raises :class:`SettingsError`."""
        settings = settings or Settings()
        self.emit = emit
        self.access = Access()
        self._hosts = Hosts(settings)
        self._rates = {CHARTS: RateLimit(1), REPORTS: RateLimit(1)}
        # Where requests come in, once that is known: systemd may have passed another socket than http.listen says.
        self._url = ""
        self.prepare(settings)()

    def listens(self, url: str, http: HttpSettings) -> None:
        """Note where requests come in; raises :class:`SettingsError` where that is open to other computers, and must not be."""
        _refuse_open_network(url, http)
        self._url = url
        self._warn()

    def prepare(self, settings: Settings) -> Callable[[], None]:
        """Read what ``settings`` name and return what puts all of it in force; raises :class:`SettingsError`."""
        _refuse_open_network(self._url, settings.http)
        commits = [self.access.prepare(settings), self._hosts.prepare(settings)]

        def commit() -> None:
            before = self.access.tokens
            for each in commits:
                each()
            after = self.access.tokens
            if self._url and any(different := differences(before, after)):
                self.emit(TokensChanged(*different))
            if bool(after) != bool(before):
                self._warn()
            self._rates[CHARTS].change(settings.http.charts_per_minute)
            self._rates[REPORTS].change(settings.http.reports_per_minute)

        return commit

    def check(self, request: web.Request, needs: str, rate: str, operation: str, now: float) -> None:
        """Note who sent a request that may pass; else raise why not.

        ``needs`` is a role, ``rate`` what the request is counted as, or empty; ``now`` in Unix seconds.
        """
        try:
            self._hosts.check(request)
            refuse_other_sites(request)
            caller = self.access.admit(request, needs, now)
            request[CALLER] = caller
            if rate and (wait := self._rates[rate].wait(caller.name or request.remote or "", now)):
                raise RateLimited(
                    f"expected fewer {rate} in a minute (http.{rate}_per_minute), found one more; come again in {wait:.1f} s",
                    wait,
                )
        except TelemetrydError as refused:
            self.emit(RequestRefused(refused.word, str(refused), request.remote or ""))
            raise
        if needs == ADMIN and self.access.required:
            self.emit(AdminRequest(operation, caller.name, request.remote or ""))

    def _warn(self) -> None:
        """Tell of what others can do beyond the loopback: without tokens everything, else read these where there is no TLS."""
        if not _reaches_out(self._url):
            return
        if not self.access.required:
            self.emit(NetworkOpen(self._url))
        elif self._url.startswith("http://"):
            self.emit(TokensInClear(self._url))


def _refuse_open_network(url: str, http: HttpSettings) -> None:
    if not http.tokens and not http.allow_anonymous_network and _reaches_out(url):
        raise SettingsError([open_network(url)])


def _reaches_out(url: str) -> bool:
    return bool(url) and not url.startswith(UNIX) and is_beyond_loopback(url.rpartition("://")[2])
