"""``GET /metrics``: everything there is to tell now, for Prometheus and whoever reads as it does."""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Handler

from .negotiation import OPENMETRICS, TEXT, wants_gzip, wants_openmetrics
from .send import send
from .services import Services

OPERATION = "get_exposition"
CONTENT_TYPES = {
    True: f"{OPENMETRICS}; version=1.0.0; charset=utf-8",
    False: f"{TEXT}; version=0.0.4; charset=utf-8",
}


def handler(services: Services) -> Handler:
    """Return the handler of ``GET /metrics``; parameters are ignored, for whoever scrapes may add its own."""

    async def get_exposition(request: web.Request) -> web.StreamResponse:
        openmetrics = wants_openmetrics(",".join(request.headers.getall("Accept", ())))
        compress = wants_gzip(",".join(request.headers.getall("Accept-Encoding", ())))
        pieces = services.scrape(openmetrics, compress)
        headers = {
            "Content-Type": CONTENT_TYPES[openmetrics],
            "Cache-Control": "no-cache",
            "Vary": "Accept, Accept-Encoding",
            "X-Content-Type-Options": "nosniff",
        }
        if compress:
            headers["Content-Encoding"] = "gzip"
        return await send(request, web.StreamResponse(headers=headers), pieces)

    return get_exposition
