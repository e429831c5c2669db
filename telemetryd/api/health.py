"""``/-/healthy`` (the process turns) and ``/-/ready`` (it does its job)."""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Handler

from .envelope import answer, failure, success
from .errors import STATUS_OF, sentence_of
from .services import Services

HEALTHY_OPERATION = "health"
READY_OPERATION = "ready"


def healthy_handler(services: Services) -> Handler:
    """Return the handler of ``GET /-/healthy``: 200 as long as the event loop turns."""

    async def healthy(request: web.Request) -> web.StreamResponse:
        return answer(
            success(
                HEALTHY_OPERATION,
                services.now(),
                version=services.version,
                books=services.books(),
                browser=services.browser(),
            )
        )

    return healthy


def ready_handler(services: Services) -> Handler:
    """Return the handler of ``GET /-/ready``: 200 when ready, else 503 with the reasons."""

    async def ready(request: web.Request) -> web.StreamResponse:
        reasons = services.ready()
        if not reasons:
            return answer(success(READY_OPERATION, services.now(), reasons=[]))
        sentence = sentence_of(f"expected a daemon that is ready, found: {'; '.join(reasons)}")
        return answer(
            failure(READY_OPERATION, services.now(), "not_ready", sentence, reasons=reasons), STATUS_OF["not_ready"]
        )

    return ready
