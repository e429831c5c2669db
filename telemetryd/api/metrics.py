"""``GET /metrics``: the samples of any metrics over any range, in any of the formats."""

from __future__ import annotations

import asyncio

from aiohttp import web
from aiohttp.typedefs import Handler

from telemetryd.query.request import MetricsRequest

from .envelope import success
from .params import choice, parameters
from .send import send
from .serialize import FORMATS, coalesced
from .services import Services

OPERATION = "get_telemetry"
PARAMETERS = (
    "metric_type",
    "operation_type",
    "backend",
    "status",
    "start_time",
    "end_time",
    "aggregation",
    "interval",
    "format",
)
# An answer of up to as many samples is made in one go, and has a Content-Length.
_FEW = 2000


def handler(services: Services) -> Handler:
    """Return the handler of ``GET /metrics``."""

    async def get_metrics(request: web.Request) -> web.StreamResponse:
        params = parameters(request, PARAMETERS)
        form = FORMATS[choice(params, "format", FORMATS, "json")]
        params.pop("format", None)
        now = services.now()
        asked = MetricsRequest.parse(params, now=now, sampling_interval=services.settings.sampling_interval())
        result = await services.query.metrics(asked)
        echo = {"metric_type": params.get("metric_type"), "aggregation": params.get("aggregation")}
        used = {"start_time": result.start, "end_time": result.end, "interval": result.interval}
        # Of the picture that was looked at: a query that had to start again looked later than it was asked.
        pieces = form.pieces(result, success(OPERATION, result.now, **echo, **used))
        samples = sum(len(table.timestamp) for table in result.metrics.values())
        if samples <= _FEW:
            body = await asyncio.to_thread(b"".join, pieces)
            return web.Response(body=body, headers={"Content-Type": form.content_type})
        return await send(request, form.content_type, coalesced(pieces))

    return get_metrics
