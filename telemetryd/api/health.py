"""``/-/healthy`` (the process turns) and ``/-/ready`` (it does its job)."""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Handler

from .access import CALLER
from .envelope import answer, failure, success
from .errors import STATUS_OF, sentence_of
from .services import Services
from .tokens import READ

HEALTHY_OPERATION = "health"
READY_OPERATION = "ready"


def healthy_handler(services: Services) -> Handler:
    """Return the handler of ``GET /-/healthy``: 200 as long as the event loop turns; whoever may read is told more."""

    async def healthy(request: web.Request) -> web.StreamResponse:
        if not request[CALLER].may(READ):
            return answer(success(HEALTHY_OPERATION, services.now()))
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
    """Return the handler of ``GET /-/ready``: 200 when ready, else 503 with the reasons, for whoever may read."""

    async def ready(request: web.Request) -> web.StreamResponse:
        reasons = services.ready()
        if not reasons:
            return answer(success(READY_OPERATION, services.now(), reasons=[]))
        if not request[CALLER].may(READ):
            reasons = ["a token is needed to see why"]
        sentence = sentence_of(f"expected a daemon that is ready, found: {'; '.join(reasons)}")
        return answer(
            failure(READY_OPERATION, services.now(), "not_ready", sentence, reasons=reasons), STATUS_OF["not_ready"]
        )

    return ready
