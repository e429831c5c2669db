"""``GET /realtime``: what ended lately and what is in flight."""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Handler

from telemetryd.live.window import WIDEST, WINDOW

from .envelope import answer, success
from .params import number, parameters
from .services import Services

OPERATION = "get_realtime_telemetry"
NARROWEST = 1


def handler(services: Services) -> Handler:
    """Return the handler of ``GET /realtime``; ``window`` in seconds."""

    async def get_realtime(request: web.Request) -> web.StreamResponse:
        params = parameters(request, ("window",))
        window = number(params, "window", WINDOW, NARROWEST, WIDEST, "seconds")
        return answer(success(OPERATION, services.now(), **services.realtime(window)))

    return get_realtime
