"""``GET /operations`` and ``GET /operations/{id}``: single operations, many or one."""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Handler

from telemetryd.query.request import OperationsRequest

from .envelope import answer, success
from .params import parameters
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
        return answer(success(LIST_OPERATION, now, operations=found, sort=asked.sort, limit=asked.limit))

    return list_operations


def get_handler(services: Services) -> Handler:
    """Return the handler of ``GET /operations/{id}``."""

    async def get_operation(request: web.Request) -> web.StreamResponse:
        now = services.now()
        parameters(request, ())
        found = await services.query.operation(request.match_info["operation_id"])
        return answer(success(GET_OPERATION, now, **found))

    return get_operation
