"""``GET /operations`` and ``GET /operations/{id}``: single operations, many or one."""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Handler

from telemetryd.query.request import LATEST, OperationsRequest

from .envelope import answer, success
from .params import number, parameters
from .services import Services

LIST_OPERATION = "list_operations"
GET_OPERATION = "get_operation"
PARAMETERS = ("operation_type", "backend", "status", "start_time", "end_time", "sort", "limit")


def list_handler(services: Services) -> Handler:
    """Return the handler of ``GET /operations``."""

    async def list_operations(request: web.Request) -> web.StreamResponse:
        now = services.now()
        asked = OperationsRequest.parse(parameters(request, PARAMETERS), now=now)
        found = await services.query.operations(asked)
        echo = {"sort": asked.sort, "limit": asked.limit, "start_time": asked.start, "end_time": asked.end}
        return answer(success(LIST_OPERATION, now, operations=found, **echo))

    return list_operations


def get_handler(services: Services) -> Handler:
    """Return the handler of ``GET /operations/{id}``; a range, where one is given, spares looking at other hours."""

    async def get_operation(request: web.Request) -> web.StreamResponse:
        params = parameters(request, ("start_time", "end_time"))
        start = number(params, "start_time", 0, 0, LATEST, "Unix seconds")
        end = number(params, "end_time", LATEST, start, LATEST, "Unix seconds")
        found = await services.query.operation(request.match_info["operation_id"], start, end)
        return answer(success(GET_OPERATION, services.now(), **found))

    return get_operation
