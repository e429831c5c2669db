"""``GET /operations``, ``GET /operations/{id}`` and ``GET /operation``: single operations, many or one."""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Handler

from telemetryd.model.errors import InvalidParameter
from telemetryd.model.timerange import LATEST
from telemetryd.query.request import OperationsRequest

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
    """Return the handler of one operation, whose id is in the path or, where that cannot hold it, a parameter.

    A range, where one is given, spares looking at other hours.
    """

    async def get_operation(request: web.Request) -> web.StreamResponse:
        named = request.match_info.get("operation_id")
        params = parameters(request, ("start_time", "end_time", *(("operation_id",) if named is None else ())))
        operation_id = params.get("operation_id", "") if named is None else named
        if not operation_id:
            raise InvalidParameter("operation_id", "the id of an operation", operation_id)
        start = number(params, "start_time", 0, 0, LATEST, "Unix seconds")
        end = number(params, "end_time", LATEST, start, LATEST, "Unix seconds")
        found = await services.query.operation(operation_id, start, end)
        return answer(success(GET_OPERATION, services.now(), **found))

    return get_operation
