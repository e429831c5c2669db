"""``GET /visualization/{metric_type}``: a chart of one metric, as PNG, SVG, HTML or the Plotly figure."""

from __future__ import annotations

from aiohttp import ETag, web
from aiohttp.typedefs import Handler

from telemetryd.charts.drawing import DPI, FORMATS, LARGEST, SMALLEST, THEMES, Look
from telemetryd.charts.policy import page_policy
from telemetryd.query.request import MetricsRequest

from .envelope import encode, success
from .headers import ALONE, PICTURE_POLICY
from .pages import is_known
from .params import choice, parameters, whole
from .services import Services

OPERATION = "visualize_metrics"
FILTERS = ("operation_type", "backend", "status", "start_time", "end_time", "interval")
PARAMETERS = (*FILTERS, "width", "height", "theme", "format")
WIDTH, HEIGHT = 12, 8


def handler(services: Services) -> Handler:
    """Return the handler of ``GET /visualization/{metric_type}``; ``width`` and ``height`` in inches."""

    async def visualize(request: web.Request) -> web.StreamResponse:
        params = parameters(request, PARAMETERS)
        form = choice(params, "format", FORMATS, "png")
        look = Look(
            width=DPI * whole(params, "width", WIDTH, SMALLEST, LARGEST, "inches"),
            height=DPI * whole(params, "height", HEIGHT, SMALLEST, LARGEST, "inches"),
            theme=choice(params, "theme", THEMES, THEMES[0]),
            # Only a page can follow its reader's system.
            fixed=form == "html" and "theme" in params,
        )
        asked = MetricsRequest.parse(
            {name: params[name] for name in FILTERS if name in params}
            | {"metric_type": request.match_info["metric_type"]},
            now=services.now(),
            sampling_interval=services.settings.sampling_interval(),
        )
        tag = services.charts.tag(asked, look, form)
        response = web.Response(content_type=FORMATS[form], headers=_policy(form))
        if form == "html":
            response.charset = "utf-8"
        if tag is not None:
            # Weak where each answer has a timestamp of its own.
            response.etag = ETag(tag, is_weak=form == "json")
            if is_known(request, tag):
                response.set_status(304)
                return response
        drawn = await services.charts.chart(asked, look, form, tag)
        response.body = drawn if form != "json" else _enveloped(services, asked, drawn)
        return response

    return visualize


def _policy(form: str) -> dict[str, str]:
    """Return what a browser is told of a chart that it may show as a page of its own."""
    policies = {"svg": lambda: PICTURE_POLICY, "html": lambda: f"{page_policy()}; {ALONE}"}
    return {"Content-Security-Policy": policies[form]()} if form in policies else {}


def _enveloped(services: Services, asked: MetricsRequest, figure: bytes) -> bytes:
    used = {"start_time": asked.range.start, "end_time": asked.range.end, "interval": asked.interval}
    envelope = success(OPERATION, services.now(), metric_type=asked.metric_types[0], **used)
    return encode(envelope)[:-1] + b"," + figure[1:]
