"""Who asks, and whether they may: a bearer token, or the session that a browser began with one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from telemetryd.model.settings import Settings

from .errors import Forbidden, Unauthorized
from .sessions import LIFETIME, Sessions
from .tokens import ADMIN, LONGEST, Token, Tokens

# What a route needs that holds no data.
NOTHING = ""

_COOKIE = "telemetryd"
_BEARER = "bearer "
_GET_ONE = "expected a bearer token (Authorization: Bearer …)"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request. Without tokens everyone is nobody, and may do everything."""

    name: str
    role: str

    def may(self, role: str) -> bool:
        """Whether they may do what needs ``role``."""
        return role == NOTHING or self.role in (role, ADMIN)


ANYONE = Caller("", ADMIN)
STRANGER = Caller("", NOTHING)
CALLER = web.RequestKey("caller", Caller)


class Access:
    """The tokens in force, which are ``tokens``, and the sessions begun with them."""

    def __init__(self) -> None:
        self.tokens = Tokens()
        self._sessions = Sessions()

    @property
    def required(self) -> bool:
        """Whether a token is asked for at all."""
        return bool(self.tokens)

    def prepare(self, settings: Settings) -> Callable[[], None]:
        """Read the tokens that ``settings`` name and return what puts them in force; raises :class:`SettingsError`.

        Sessions go on whose tokens are still listed, and no others.
        """
        tokens = Tokens.named(settings)

        def commit() -> None:
            self.tokens = tokens
            self._sessions.keep(tokens)

        return commit

    def caller(self, request: web.Request, now: float) -> Caller:
        """Return who sent a request; raises :class:`Unauthorized` where the token that it shows is nobody's."""
        if not self.tokens:
            return ANYONE
        token = self._shown(request)
        if token is None and "Cookie" in request.headers:
            token = self._sessions.holder(request.cookies.get(cookie_name(request), ""), self.tokens, now)
        return STRANGER if token is None else Caller(token.name, token.role)

    def admit(self, request: web.Request, needs: str, now: float) -> Caller:
        """Return who sent a request that needs a role; raises :class:`Unauthorized` or :class:`Forbidden`."""
        if needs == NOTHING:
            # What anybody may see is seen in spite of a token that is out of date.
            try:
                return self.caller(request, now)
            except Unauthorized:
                return STRANGER
        caller = self.caller(request, now)
        if caller.role == NOTHING:
            raise Unauthorized(f"{_GET_ONE}, found none", shown=False)
        if not caller.may(needs):
            raise Forbidden(f"expected a token with the role {needs}, found {caller.name} with {caller.role}", needs)
        return caller

    def begin(self, request: web.Request, response: web.Response, now: float) -> None:
        """Begin a session for whoever shows a token, and hand it out as a cookie that no script can read."""
        token = self._shown(request)
        if token is None:
            raise Unauthorized(f"{_GET_ONE} to begin a session with, found none", shown=False)
        response.set_cookie(
            cookie_name(request),
            self._sessions.begin(token, now),
            max_age=LIFETIME,
            httponly=True,
            samesite="Strict",
            # Behind a proxy that speaks TLS, a page's own origin is what tells.
            secure=request.secure or request.headers.get("Origin", "").startswith("https://"),
        )

    def end(self, request: web.Request, response: web.Response) -> None:
        """End the session of a request, if it has one."""
        name = cookie_name(request)
        self._sessions.end(request.cookies.get(name, ""))
        response.del_cookie(name, httponly=True, samesite="Strict")

    def _shown(self, request: web.Request) -> Token | None:
        """Return the token that a request shows, None where it shows none; raises :class:`Unauthorized` where it is nobody's."""
        shown = request.headers.get("Authorization")
        if shown is None:
            return None
        if shown[: len(_BEARER)].lower() != _BEARER or len(shown) > LONGEST + len(_BEARER):
            raise Unauthorized(f"{_GET_ONE}, found another kind of authorization", shown=True)
        token = self.tokens.holder(shown[len(_BEARER) :].strip())
        if token is None:
            raise Unauthorized("expected a bearer token that is listed, found another", shown=True)
        return token


def cookie_name(request: web.Request) -> str:
    """Return the name of the cookie: one for each port, for browsers share them between those of a host."""
    port = request.host.rpartition(":")[2]
    return f"{_COOKIE}_{port}" if port.isascii() and port.isdecimal() else _COOKIE
