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
        told = partial(_word, services, asked, params, form, sampling)
        word = None if explain else told()
        if word is not None and (known := _known(request, word)) is not None:
            return _tagged(web.Response(status=304), known)
        result = await services.query.metrics(asked)
        echo = {"metric_type": params.get("metric_type"), "aggregation": params.get("aggregation")}
        used = {"start_time": result.start, "end_time": result.end, "interval": result.interval}
        more = {"explain": result.account.as_data()} if explain else {}
        # Of the picture that was looked at: a query that had to start again looked later than it was asked.
        pieces = FORMATS[form].pieces(result, success(OPERATION, result.now, **echo, **used, **more))
        headers = {"Content-Type": FORMATS[form].content_type}
        # Where something came meanwhile, nobody knows whether the answer has it.
        same = word is not None and told() == word
        tag = f"{word}-{result.now!r}" if form not in _WITHOUT_ENVELOPE else word
        tag = tag if same else None
        if sum(len(table) for table in result.metrics.values()) > _FEW:
            return await send(request, _tagged(web.StreamResponse(headers=headers), tag), coalesced(pieces))
        body = await asyncio.to_thread(b"".join, pieces)
        return _tagged(web.Response(body=body, headers=headers), tag)

    return get_metrics


def _word(services: Services, asked: MetricsRequest, params: Mapping[str, str], form: str, sampling: int) -> str | None:
    """Return a word that stays the same for as long as the answer to a request does, to its last digit; None where it can still change.

    An envelope tells the instant of the answer besides. So a tag names that too: of the many answers that are all
    as good, the client has the one that its tag stands for.
    """
    settled = services.settled(asked.range)
    if settled is None:
        return None
    facts = (settled, asked, sorted(params.items()), form, sampling, services.version)
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:32]


def _known(request: web.Request, word: str) -> str | None:
    """Return the tag of the answer that the client has, if it has one."""
    for known in request.if_none_match or ():
        if known.value == "*":
            return word
        if known.value.split("-")[0] == word:
            return known.value
    return None


def _tagged(response: R, tag: str | None) -> R:
    response.etag = None if tag is None else ETag(tag)
    return response
