"""``/-/session``: who a browser is signed in as, begun with a token and ended."""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Handler

from telemetryd.instrumentation.access_events import SessionBegun

from .access import CALLER
from .envelope import answer, success
from .params import parameters
from .services import Services

GET_OPERATION = "get_session"
BEGIN_OPERATION = "begin_session"
END_OPERATION = "end_session"


def get_handler(services: Services) -> Handler:
    """Return the handler of ``GET /-/session``: whether a token is needed, and who asks."""

    async def get_session(request: web.Request) -> web.StreamResponse:
        parameters(request, ())
        return answer(success(GET_OPERATION, services.now(), **_shown(request, services)))

    return get_session


def begin_handler(services: Services) -> Handler:
    """Return the handler of ``POST /-/session``, which turns a token into a cookie."""

    async def begin_session(request: web.Request) -> web.StreamResponse:
        parameters(request, ())
        response = answer(success(BEGIN_OPERATION, services.now(), **_shown(request, services)))
        if services.gate.access.required:
            services.gate.access.begin(request, response, services.now())
            caller = request[CALLER]
            services.gate.emit(SessionBegun(caller.name, caller.role, request.remote or ""))
        return response

    return begin_session


def end_handler(services: Services) -> Handler:
    """Return the handler of ``DELETE /-/session``."""

    async def end_session(request: web.Request) -> web.StreamResponse:
        parameters(request, ())
        response = answer(success(END_OPERATION, services.now()))
        services.gate.access.end(request, response)
        return response

    return end_session


def _shown(request: web.Request, services: Services) -> dict[str, object]:
    caller = request[CALLER]
    return {"required": services.gate.access.required, "name": caller.name or None, "role": caller.role or None}
