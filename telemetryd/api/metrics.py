"""``GET /metrics``: the samples of any metrics over any range, in any of the formats."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from functools import partial
from typing import TypeVar

from aiohttp import ETag, web
from aiohttp.typedefs import Handler

from telemetryd.query.request import MetricsRequest

from .envelope import success
from .pages import is_known
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
    "explain",
)
# An answer of up to as many samples is made in one go, and has a Content-Length.
_FEW = 2000
_WITHOUT_ENVELOPE = ("csv",)

R = TypeVar("R", bound=web.StreamResponse)


def handler(services: Services) -> Handler:
    """Return the handler of ``GET /metrics``."""

    async def get_metrics(request: web.Request) -> web.StreamResponse:
        params = parameters(request, PARAMETERS)
        form = choice(params, "format", FORMATS, "json")
        explain = choice(params, "explain", ("true", "false"), "false") == "true"
        params = {name: value for name, value in params.items() if name not in ("format", "explain")}
        sampling = services.settings.sampling_interval()
        asked = MetricsRequest.parse(params, now=services.now(), sampling_interval=sampling)
        told = partial(_tag, services, asked, params, form, sampling)
        tag = None if explain else told()
        if tag is not None and is_known(request, tag.value):
            return _tagged(web.Response(status=304), tag)
        result = await services.query.metrics(asked)
        echo = {"metric_type": params.get("metric_type"), "aggregation": params.get("aggregation")}
        used = {"start_time": result.start, "end_time": result.end, "interval": result.interval}
        more = {"explain": result.account.as_data()} if explain else {}
        # Of the picture that was looked at: a query that had to start again looked later than it was asked.
        pieces = FORMATS[form].pieces(result, success(OPERATION, result.now, **echo, **used, **more))
        headers = {"Content-Type": FORMATS[form].content_type}
        if tag is not None and told() != tag:
            # Something came meanwhile: whether the answer has it, nobody knows.
            tag = None
        if sum(len(table) for table in result.metrics.values()) > _FEW:
            return await send(request, _tagged(web.StreamResponse(headers=headers), tag), coalesced(pieces))
        body = await asyncio.to_thread(b"".join, pieces)
        return _tagged(web.Response(body=body, headers=headers), tag)

    return get_metrics


def _tag(services: Services, asked: MetricsRequest, params: Mapping[str, str], form: str, sampling: int) -> ETag | None:
    """Return the tag of the answer to a request, None where it can still change.

    It is a strong one where the answer is the same to its last digit: with an envelope, which tells
    the instant of the answer, it never is.
    """
    settled = services.settled(asked.range)
    if settled is None:
        return None
    strong = form in _WITHOUT_ENVELOPE
    facts = (settled if strong else settled.meaning, asked, sorted(params.items()), form, sampling, services.version)
    return ETag(hashlib.sha256(repr(facts).encode()).hexdigest()[:32], is_weak=not strong)


def _tagged(response: R, tag: ETag | None) -> R:
    response.etag = tag
    return response
