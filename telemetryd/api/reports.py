"""``POST /report`` and ``/reports``: reports asked for, listed, read and removed."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from telemetryd.model.errors import InvalidParameter
from telemetryd.query.request import MetricsRequest

from .body import changes_of
from .envelope import answer, success
from .headers import REPORT_POLICY
from .pages import CONTENT_TYPES
from .params import expected_name, parameters
from .services import Report, Services

GENERATE_OPERATION = "generate_telemetry_report"
LIST_OPERATION = "list_telemetry_reports"
FILE_OPERATION = "get_report_file"
DELETE_OPERATION = "delete_telemetry_report"
PARAMETERS = ("start_time", "end_time")
PAGE = "report.html"
STARTED = "Report generation started in the background"
SHARED = "A report of this range is there already, and nothing of it has changed"


def generate_handler(services: Services) -> Handler:
    """Return the handler of ``POST /report``: parameters as a form, JSON or in the query."""

    async def generate_report(request: web.Request) -> web.StreamResponse:
        asked = MetricsRequest.parse(
            await _asked(request),
            now=services.now(),
            sampling_interval=services.settings.sampling_interval(),
        )
        # A client that goes away must not leave a report that nobody knows of.
        report = await asyncio.shield(services.reports.request(asked.range.start, asked.range.end))
        shown = _shown(request, report)
        message = SHARED if shown["status"] == "done" else STARTED
        return answer(success(GENERATE_OPERATION, services.now(), message=message, **shown))

    return generate_report


def list_handler(services: Services) -> Handler:
    """Return the handler of ``GET /reports``, newest first."""

    async def list_reports(request: web.Request) -> web.StreamResponse:
        parameters(request, ())
        found = [_shown(request, report) for report in services.reports.list()]
        return answer(success(LIST_OPERATION, services.now(), reports=found))

    return list_reports


def file_handler(services: Services) -> Handler:
    """Return the handler of ``GET /reports/{report_id}/{file_name}``: only files that the report lists."""

    async def get_report_file(request: web.Request) -> web.StreamResponse:
        parameters(request, ())
        name = request.match_info["file_name"]
        path = await asyncio.to_thread(services.reports.file, request.match_info["report_id"], name)
        headers = {
            "Cache-Control": "no-store",
            "Content-Security-Policy": REPORT_POLICY,
            "Content-Disposition": "inline",
        }
        response = web.FileResponse(path, headers=headers)
        response.content_type = CONTENT_TYPES[name.rpartition(".")[2]]
        if response.content_type.startswith("text/"):
            response.charset = "utf-8"
        return response

    return get_report_file


def delete_handler(services: Services) -> Handler:
    """Return the handler of ``DELETE /reports/{report_id}``; one that is being made is given up."""

    async def delete_report(request: web.Request) -> web.StreamResponse:
        parameters(request, ())
        report_id = request.match_info["report_id"]
        await asyncio.shield(services.reports.remove(report_id))
        return answer(success(DELETE_OPERATION, services.now(), report_id=report_id))

    return delete_report


async def _asked(request: web.Request) -> dict[str, str]:
    """Return the parameters, wherever they stand; raises :class:`InvalidParameter` where one stands twice."""
    found = parameters(request, PARAMETERS)
    body = await changes_of(request) if request.can_read_body else {}
    for name, value in body.items():
        if name not in PARAMETERS:
            raise InvalidParameter(name[:80], expected_name(name, PARAMETERS), value)
        if name in found:
            raise InvalidParameter(name, "to be given once", [found[name], value])
        if value is not None:
            found[name] = str(value)
    return found


def _shown(request: web.Request, report: Report) -> dict[str, Any]:
    below = request.rel_url.path.partition("/report")[0]
    url = f"{request.scheme}://{request.host}{below}/reports/{report.report_id}/{PAGE}"
    return {**report.shown(), "report_path": report.path, "report_url": url}
