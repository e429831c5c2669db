"""The routes of the API, and the one place where an error becomes an answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from . import (
    config,
    exposition,
    health,
    metrics,
    openapi,
    operations,
    pages,
    realtime,
    reports,
    session,
    stream,
    visualization,
)
from .access import NOTHING
from .envelope import answer, failure
from .errors import failure_of
from .gate import CHARTS, REPORTS
from .headers import make_safe
from .services import Services
from .tokens import ADMIN, READ

PREFIX = "/api/v0/wal/telemetry"
# The longest body that any route takes, in bytes.
MAX_BODY = 64 * 1024
# `operation` of answers to requests that no route takes.
NO_OPERATION = "unknown"


class Route(NamedTuple):
    """A method and a path, the name that its answers call it by, and what makes its handler.

    Once there are tokens, a route ``needs`` one with this role: reading is the least of those that hold data, and
    whatever changes or removes something needs an administrator's. ``rate`` is what its requests are counted as.
    """

    method: str
    path: str
    operation: str
    handler: Callable[[Services], Handler]
    needs: str = READ
    rate: str = ""


ROUTES = (
    Route("GET", f"{PREFIX}/metrics", metrics.OPERATION, metrics.handler),
    Route("GET", f"{PREFIX}/realtime", realtime.OPERATION, realtime.handler),
    Route("GET", f"{PREFIX}/stream", stream.OPERATION, stream.handler),
    Route(
        "GET",
        f"{PREFIX}/visualization/{{metric_type:[^/]+}}",
        visualization.OPERATION,
        visualization.handler,
        rate=CHARTS,
    ),
    # It takes room, and the oldest report makes it.
    Route("POST", f"{PREFIX}/report", reports.GENERATE_OPERATION, reports.generate_handler, ADMIN, REPORTS),
    Route("GET", f"{PREFIX}/reports", reports.LIST_OPERATION, reports.list_handler),
    Route(
        "GET", f"{PREFIX}/reports/{{report_id:[^/]+}}/{{file_name:[^/]+}}", reports.FILE_OPERATION, reports.file_handler
    ),
    Route("DELETE", f"{PREFIX}/reports/{{report_id:[^/]+}}", reports.DELETE_OPERATION, reports.delete_handler, ADMIN),
    Route("GET", f"{PREFIX}/config", config.GET_OPERATION, config.get_handler),
    Route("POST", f"{PREFIX}/config", config.UPDATE_OPERATION, config.update_handler, ADMIN),
    Route("GET", f"{PREFIX}/operations", operations.LIST_OPERATION, operations.list_handler),
    Route("GET", f"{PREFIX}/operations/{{operation_id:[^/]+}}", operations.GET_OPERATION, operations.get_handler),
    Route("GET", f"{PREFIX}/operation", operations.GET_OPERATION, operations.get_handler),
    Route("GET", "/", pages.INDEX_OPERATION, pages.index_handler, NOTHING),
    Route("GET", "/docs", openapi.DOCS_OPERATION, openapi.docs_handler, NOTHING),
    Route("GET", "/openapi.json", openapi.OPERATION, openapi.document_handler, NOTHING),
    Route("GET", "/static/{name:[^/]+}", pages.STATIC_OPERATION, pages.static_handler, NOTHING),
    Route("GET", "/metrics", exposition.OPERATION, exposition.handler),
    Route("GET", "/-/healthy", health.HEALTHY_OPERATION, health.healthy_handler, NOTHING),
    Route("GET", "/-/ready", health.READY_OPERATION, health.ready_handler, NOTHING),
    Route("GET", "/-/session", session.GET_OPERATION, session.get_handler, NOTHING),
    Route("POST", "/-/session", session.BEGIN_OPERATION, session.begin_handler),
    Route("DELETE", "/-/session", session.END_OPERATION, session.end_handler, NOTHING),
)


# What there is where no route is: nothing to read, and so nothing to need.
NO_ROUTE = Route("", "", NO_OPERATION, lambda services: _nowhere, NOTHING)
# What a handler is that the table does not have: nobody has said that it holds no data.
UNLISTED = Route("", "", NO_OPERATION, lambda services: _nowhere, ADMIN)


def application(services: Services) -> web.Application:
    """Return the application that answers all of ``ROUTES``, and every other path with an enveloped 404."""
    routes: dict[object, Route] = {}
    app = web.Application(client_max_size=MAX_BODY)
    for route in ROUTES:
        handler = route.handler(services)
        routes[handler] = route
        if route.method == "GET":
            app.router.add_get(route.path, handler, expect_handler=_go_on)  # answers HEAD as well
        else:
            app.router.add_route(route.method, route.path, handler, expect_handler=_go_on)
    app.middlewares.append(_enveloped(services, routes))
    app.on_response_prepare.append(make_safe)

    async def close(app: web.Application) -> None:
        services.closing.set()

    app.on_shutdown.append(close)
    return app


def _enveloped(services: Services, routes: Mapping[object, Route]) -> Middleware:
    @web.middleware
    async def enveloped(request: web.Request, handler: Handler) -> web.StreamResponse:
        found = request.match_info
        route = NO_ROUTE if found.http_exception is not None else routes.get(found.handler, UNLISTED)
        operation = route.operation
        try:
            services.gate.check(request, route.needs, route.rate, operation, services.now())
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


async def _go_on(request: web.Request) -> None:
    """Meet the one expectation there is (RFC 9110, section 10.1.1); any other is none of ours, and so is passed over."""
    if request.headers.get("Expect", "").lower() == "100-continue" and request.transport is not None:
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")


async def _nowhere(request: web.Request) -> web.StreamResponse:
    raise web.HTTPNotFound
