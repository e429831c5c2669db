"""The routes of the API, and the one place where an error becomes an answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from . import config, health, metrics, operations, realtime
from .envelope import answer, failure
from .errors import failure_of
from .services import Services

PREFIX = "/api/v0/wal/telemetry"
# The longest body that any route takes, in bytes.
MAX_BODY = 64 * 1024
# `operation` of answers to requests that no route takes.
NO_OPERATION = "unknown"


class Route(NamedTuple):
    """A method and a path, the name that its answers call it by, and what makes its handler."""

    method: str
    path: str
    operation: str
    handler: Callable[[Services], Handler]


ROUTES = (
    Route("GET", f"{PREFIX}/metrics", metrics.OPERATION, metrics.handler),
    Route("GET", f"{PREFIX}/realtime", realtime.OPERATION, realtime.handler),
    Route("GET", f"{PREFIX}/config", config.GET_OPERATION, config.get_handler),
    Route("POST", f"{PREFIX}/config", config.UPDATE_OPERATION, config.update_handler),
    Route("GET", f"{PREFIX}/operations", operations.LIST_OPERATION, operations.list_handler),
    Route("GET", f"{PREFIX}/operations/{{operation_id:[^/]+}}", operations.GET_OPERATION, operations.get_handler),
    Route("GET", "/-/healthy", health.HEALTHY_OPERATION, health.healthy_handler),
    Route("GET", "/-/ready", health.READY_OPERATION, health.ready_handler),
)


def application(services: Services) -> web.Application:
    """Return the application that answers all of ``ROUTES``, and every other path with an enveloped 404."""
    names: dict[object, str] = {}
    app = web.Application(client_max_size=MAX_BODY)
    for route in ROUTES:
        handler = route.handler(services)
        names[handler] = route.operation
        if route.method == "GET":
            app.router.add_get(route.path, handler)  # answers HEAD as well
        else:
            app.router.add_route(route.method, route.path, handler)
    app.middlewares.append(_enveloped(services, names))
    return app


def _enveloped(services: Services, names: dict[object, str]) -> Middleware:
    @web.middleware
    async def enveloped(request: web.Request, handler: Handler) -> web.StreamResponse:
        operation = names.get(request.match_info.handler, NO_OPERATION)
        try:
            return await handler(request)
        except ConnectionError:
            raise  # the client is gone: nobody is left to answer
        except Exception as error:
            failed = failure_of(error, request.method, request.path)
            if failed.status == 500:
                services.unexpected(operation, error)
            if request.writer.output_size > 0:
                raise ConnectionResetError("part of another answer is already sent") from error
            envelope = failure(operation, services.now(), failed.error_type, failed.sentence)
            return answer(envelope, failed.status, failed.headers)

    return enveloped
