"""The routes of the API, and the one place where an error becomes an answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from . import config, exposition, health, metrics, operations, pages, realtime, reports, stream, visualization
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
    Route("GET", f"{PREFIX}/stream", stream.OPERATION, stream.handler),
    Route("GET", f"{PREFIX}/visualization/{{metric_type:[^/]+}}", visualization.OPERATION, visualization.handler),
    Route("POST", f"{PREFIX}/report", reports.GENERATE_OPERATION, reports.generate_handler),
    Route("GET", f"{PREFIX}/reports", reports.LIST_OPERATION, reports.list_handler),
    Route(
        "GET", f"{PREFIX}/reports/{{report_id:[^/]+}}/{{file_name:[^/]+}}", reports.FILE_OPERATION, reports.file_handler
    ),
    Route("DELETE", f"{PREFIX}/reports/{{report_id:[^/]+}}", reports.DELETE_OPERATION, reports.delete_handler),
    Route("GET", f"{PREFIX}/config", config.GET_OPERATION, config.get_handler),
    Route("POST", f"{PREFIX}/config", config.UPDATE_OPERATION, config.update_handler),
    Route("GET", f"{PREFIX}/operations", operations.LIST_OPERATION, operations.list_handler),
    Route("GET", f"{PREFIX}/operations/{{operation_id:[^/]+}}", operations.GET_OPERATION, operations.get_handler),
    Route("GET", f"{PREFIX}/operation", operations.GET_OPERATION, operations.get_handler),
    Route("GET", "/", pages.INDEX_OPERATION, pages.index_handler),
    Route("GET", "/static/{name:[^/]+}", pages.STATIC_OPERATION, pages.static_handler),
    Route("GET", "/metrics", exposition.OPERATION, exposition.handler),
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

    async def close(app: web.Application) -> None:
        services.closing.set()

    app.on_shutdown.append(close)
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
