"""``POST /report`` and ``/reports``."""

from __future__ import annotations

import json
from typing import Any

import pytest

from telemetryd.model.timerange import DAY

from .conftest import NOW, PREFIX, Server

HOUR_ASKED = {"start_time": 1_699_992_000.5, "end_time": 1_699_995_600}


@pytest.mark.parametrize(
    "how", [{"json": HOUR_ASKED}, {"data": HOUR_ASKED}, {"params": HOUR_ASKED}], ids=["json", "form", "query"]
)
async def test_a_range_comes_as_json_form_or_query(server: Server, how: dict[str, Any]) -> None:
    """It is widened to whole intervals, and the answer says where the report will be."""
    found = await server.json("report", method="POST", **how)
    assert (found["start_time"], found["end_time"]) == (1_699_992_000, 1_699_995_600)
    assert found["report_url"] == f"{server.url}{PREFIX}/reports/report_0_00000/report.html"
    assert found["report_path"] == str(server.reports.folder)
    assert found["message"] == "Report generation started in the background"
    assert (found["report_id"], found["status"], found["files"]) == ("report_0_00000", "running", ["report.html"])


async def test_without_a_range_it_is_the_last_day(server: Server) -> None:
    """However little is said."""
    bodies: list[dict[str, Any]] = [{}, {"json": {}}, {"json": {"start_time": None}}]
    for body in bodies:
        found = await server.json("report", method="POST", **body)
        assert found["end_time"] - found["start_time"] == DAY
        assert found["end_time"] - 60 < NOW <= found["end_time"]


@pytest.mark.parametrize(
    ("how", "named"),
    [
        ({"json": {"start": 1}}, "start"),
        ({"json": {"start_time": "yesterday"}}, "start_time"),
        ({"json": {"start_time": True}}, "start_time"),
        ({"json": {"start_time": [1]}}, "start_time"),
        ({"json": {"start_time": 2, "end_time": 1}}, "start_time"),
        ({"params": {"start_time": 1}, "json": {"start_time": 1}}, "start_time"),
        ({"params": {"since": 1}}, "since"),
    ],
)
async def test_a_mistake_is_named_and_nothing_is_made(server: Server, how: dict[str, Any], named: str) -> None:
    """One sentence, that begins with the parameter's name."""
    found = await server.json("report", 400, method="POST", **how)
    assert found["error"].startswith(f"{named}: expected ")
    assert server.reports.kept == {}


async def test_a_report_that_is_there_already_is_said_to_be(server: Server) -> None:
    """Its page is finished when the answer comes."""
    server.reports.status = "done"
    found = await server.json("report", method="POST")
    assert (found["status"], "already" in found["message"]) == ("done", True)


async def test_other_sites_can_neither_make_nor_remove(server: Server) -> None:
    """A browser says for whom it asks."""
    elsewhere = {"headers": {"Sec-Fetch-Site": "cross-site"}}
    await server.json("report", 403, method="POST", **elsewhere)
    await server.json("reports/report_0_00000", 403, method="DELETE", **elsewhere)
    assert server.reports.kept == {}


async def test_the_list_says_where_each_is(server: Server) -> None:
    """As they are kept, each with its address."""
    assert (await server.json("reports"))["reports"] == []
    await server.json("report", method="POST")
    (found,) = (await server.json("reports"))["reports"]
    assert found["report_url"].endswith("/reports/report_0_00000/report.html")
    assert found["report_id"] == "report_0_00000"


async def test_a_file_is_shown_and_not_downloaded(server: Server) -> None:
    """Under the type of its name, with the guards of every page."""
    await server.json("report", method="POST")
    (server.reports.folder / "report.html").write_text("<h1>whole</h1>")
    async with server.client.get(f"{server.url}{PREFIX}/reports/report_0_00000/report.html") as response:
        assert (response.status, response.content_type) == (200, "text/html")
        assert response.headers["Content-Disposition"] == "inline"
        assert response.headers["Cache-Control"] == "no-store"
        assert "script-src 'self';" in response.headers["Content-Security-Policy"]
        assert await response.text() == "<h1>whole</h1>"
    (server.reports.folder / "data.csv").write_bytes("日本".encode())
    async with server.client.get(f"{server.url}{PREFIX}/reports/report_0_00000/data.csv") as response:
        assert (response.content_type, response.charset) == ("text/csv", "utf-8")


@pytest.mark.parametrize(
    "path",
    [
        "report_0_00000/secret",
        "report_1/report.html",
        "report_0_00000/..%2freport.html",
        "report_0_00000/%2e%2e",
        "..%2freport_0_00000/report.html",
        "report_0_00000/%2fetc%2fpasswd",
        "report_0_00000/report.html%00",
        "report_0_00000/sub/report.html",
        "%2e%2e/report.html",
    ],
)
async def test_no_other_path_leads_to_a_file(server: Server, path: str) -> None:
    """It is a 404, whatever is played with names."""
    await server.json("report", method="POST")
    (server.reports.folder / "report.html").write_text("whole")
    (server.reports.folder / "secret").write_text("secret")
    raw = await server.raw(f"GET {PREFIX}/reports/{path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
    head, _, body = raw.partition(b"\r\n\r\n")
    assert b" 404 " in head.split(b"\r\n")[0] and json.loads(body)["success"] is False


async def test_a_report_is_removed_once(server: Server) -> None:
    """The second time there is none."""
    await server.json("report", method="POST")
    assert (await server.json("reports/report_0_00000", method="DELETE"))["report_id"] == "report_0_00000"
    assert (await server.json("reports/report_0_00000", 404, method="DELETE"))["error_type"] == "unknown_report"
