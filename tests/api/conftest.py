"""A real HTTP server on the loopback, with stand-ins for what is behind the API."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import pytest

from telemetryd.api.app import application
from telemetryd.api.server import serving
from telemetryd.api.services import Services
from telemetryd.charts.drawing import Look
from telemetryd.model.errors import InvalidParameter, TelemetrydError, UnknownOperation, UnknownReport
from telemetryd.model.series import SeriesKey
from telemetryd.query.fingerprint import Settled
from telemetryd.query.request import MetricsRequest, OperationsRequest
from telemetryd.query.result import MetricTable, Result
from telemetryd.reports.record import Record, Status
from tests.openapi import Answer

NOW = 1_700_000_000.25
PREFIX = "/api/v0/wal/telemetry"
CONFIG = {
    "enabled": True,
    "metrics_path": "~/.ipfs_kit/telemetry",
    "retention_days": 30,
    "sampling_interval": 60,
    "enable_detailed_timing": True,
    "operation_hooks": True,
}
BOOKS = {
    **dict.fromkeys(("received", "stored"), 3),
    **dict.fromkeys(("duplicate", "rejected", "discarded", "in_flight"), 0),
    "rejected_by_reason": {},
    **dict.fromkeys(
        ("dropped_by_producers", "folded_series", "peers_refused", "connections_refused", "connections_cut"), 0
    ),
}


@dataclass
class Queries:
    """Answers what it is told to, and remembers what it was asked."""

    result: Result = field(default_factory=lambda: Result(start=0, end=60, interval=60, metrics={}, now=NOW))
    settled: Settled | None = None
    fails: Exception | None = None
    waits: bool = False
    asked: list[Any] = field(default_factory=list)
    waiting: asyncio.Event = field(default_factory=asyncio.Event)
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)

    async def metrics(self, request: MetricsRequest) -> Result:
        self.asked.append(request)
        if self.fails is not None:
            raise self.fails
        if self.waits:
            self.waiting.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.cancelled.set()
                raise
        return self.result

    async def operations(self, request: OperationsRequest) -> list[dict[str, Any]]:
        self.asked.append(request)
        return [operation_facts("a") | {"latency": float("nan")}]

    async def operation(
        self, operation_id: str, start: float | None = None, end: float | None = None
    ) -> dict[str, Any]:
        self.asked.append((operation_id, start, end))
        if operation_id == "nobody":
            raise UnknownOperation(f"operation_id: expected the id of a stored operation, found {operation_id!r}")
        return operation_facts(operation_id) | {"timeline": []}


@dataclass
class Charts:
    """Draws what it was asked, in words; a chart has a tag where ``tagged`` says so."""

    tagged: str | None = None
    drawn: list[tuple[MetricsRequest, Look, str]] = field(default_factory=list)
    fails: TelemetrydError | None = None

    def tag(self, request: MetricsRequest, look: Look, form: str) -> str | None:
        return self.tagged

    async def chart(self, request: MetricsRequest, look: Look, form: str, tag: str | None) -> bytes:
        self.drawn.append((request, look, form))
        if self.fails is not None:
            raise self.fails
        return b'{"data":[],"layout":{}}' if form == "json" else form.encode()


@dataclass
class Reports:
    """Keeps what it is asked for, in a folder that a test fills."""

    folder: Path
    kept: dict[str, Record] = field(default_factory=dict)
    status: Status = "running"

    async def request(self, start: int, end: int) -> Record:
        name = f"report_0_{len(self.kept):05}"
        self.kept[name] = Record(name, str(self.folder), self.status, NOW, start, end, files=("report.html",))
        return self.kept[name]

    def list(self) -> list[Record]:
        return list(self.kept.values())

    def file(self, report_id: str, name: str) -> str:
        if report_id not in self.kept or name not in ("report.html", "data.csv"):
            raise UnknownReport(
                f"report: expected one that there is and a file of its own, found {report_id!r}, {name!r}"
            )
        return str(self.folder / name)

    async def remove(self, report_id: str) -> None:
        if self.kept.pop(report_id, None) is None:
            raise UnknownReport(f"report: expected one that there is, found {report_id!r}")


@dataclass
class LiveConfiguration:
    """Takes any value for its keys, and nothing else; those of another type are remembered and not shown."""

    values: dict[str, Any] = field(default_factory=lambda: dict(CONFIG))
    taken: list[Mapping[str, object]] = field(default_factory=list)
    pending: dict[str, Any] = field(default_factory=dict)
    fails: TelemetrydError | None = None
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    goes_on: asyncio.Event | None = None

    def sampling_interval(self) -> int:
        return 60

    def config(self) -> dict[str, Any]:
        return self.values

    def pending_restart(self) -> dict[str, Any]:
        return self.pending

    async def update(self, changes: Mapping[str, object]) -> list[str]:
        if self.fails is not None:
            raise self.fails
        self.asked.set()
        if self.goes_on is not None:
            await self.goes_on.wait()
        for key in changes:
            if key not in self.values:
                raise InvalidParameter(key, "a known key", key)
        self.taken.append(changes)
        self.values |= {key: value for key, value in changes.items() if type(value) is type(self.values[key])}
        return ["one warning", "another"] if "operation_hooks" in changes else []


@dataclass
class Server:
    """The server under test, a client that talks to it, and the stand-ins behind it."""

    url: str
    client: aiohttp.ClientSession
    query: Queries
    charts: Charts
    reports: Reports
    services: Services
    settings: LiveConfiguration
    reasons: list[str]
    unexpected: list[tuple[str, Exception]]

    async def json(self, path: str, status: int = 200, method: str = "GET", **more: Any) -> dict[str, Any]:
        """Return the JSON that a request is answered with; the path is below the API's prefix unless it starts with a slash."""
        url = self.url + (path if path.startswith("/") else f"{PREFIX}/{path}")
        async with self.client.request(method, url, **more) as response:
            assert response.content_type == "application/json", await response.text()
            found: dict[str, Any] = await response.json()
            assert response.status == status, found
        assert found["success"] is (status == 200)
        assert found["timestamp"] == NOW
        assert isinstance(found["operation"], str)
        if status != 200:
            assert found["error"] == found["detail"]
            assert found["error_type"].isidentifier()
            assert "Traceback" not in found["error"]
        return found

    async def raw(self, request: bytes) -> bytes:
        """Return all bytes that come back for ``request``, up to the close of the connection."""
        host, _, port = self.url.removeprefix("http://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(request)
        answer = await asyncio.wait_for(reader.read(), 20)
        writer.close()
        return answer


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    query, settings, charts, reports = Queries(), LiveConfiguration(), Charts(), Reports(tmp_path)
    reasons: list[str] = []
    unexpected: list[tuple[str, Exception]] = []

    def realtime(window: float) -> dict[str, Any]:
        latency = dict.fromkeys(("count", "mean", "median", "min", "max", "percentile_95", "percentile_99"), 1)
        timed = {"add:ipfs": latency | {"mean": float("inf")}}
        counted: dict[str, Any] = {"success_rate": {}, "error_rate": {}, "status_distribution": {}}
        return {
            "window": window,
            "latency": timed,
            "operation_latency": timed,
            "throughput": {"overall": 0.0},
            **counted,
        }

    def scrape(openmetrics: bool, compress: bool) -> Iterator[bytes]:
        text = b"# EOF\n" if openmetrics else b"up 1\n"
        yield gzip.compress(text) if compress else text

    services = Services(
        query=query,
        settled=lambda span: query.settled,
        charts=charts,
        reports=reports,
        realtime=realtime,
        settings=settings,
        ready=lambda: reasons,
        scrape=scrape,
        books=lambda: BOOKS,
        browser=lambda: "/usr/bin/chromium",
        max_streams=2,
        version="1.2.3",
        unexpected=lambda *failed: unexpected.append(failed),
        now=lambda: NOW,
    )
    async with (
        serving(application(services), "127.0.0.1:0", services.now) as url,
        aiohttp.ClientSession(response_class=Answer) as client,
    ):
        yield Server(url, client, query, charts, reports, services, settings, reasons, unexpected)


def result(samples: int = 2) -> Result:
    """Return counts, latencies and health, ``samples`` of each series."""
    series = np.repeat(np.arange(2, dtype=np.int32), samples)
    timestamp = np.tile(np.arange(samples, dtype=np.int64) * 60, 2)
    count = np.arange(2 * samples, dtype=np.int64)
    keys = (SeriesKey("add", "ipfs"), SeriesKey("get", 's3 "a", b'))
    counts = MetricTable(keys, series, timestamp, {"count": count, "pending": count, "completed": count * 2})
    mean = count.astype(np.float64) / 3
    mean[0] = np.nan
    latencies = MetricTable(keys, series, timestamp, {"count": count, "mean": mean})
    health = MetricTable(("ipfs",), series[:samples], timestamp[:samples], {"mean": np.full(samples, 0.5)})
    return Result(
        0, samples * 60, 60, {"operation_count": counts, "operation_latency": latencies, "backend_health": health}, NOW
    )


def whole(samples: int = 2) -> Result:
    """Return the same with every statistic that the engine gives."""
    found = result(samples)
    missing = {
        "operation_latency": ("sum", "median", "min", "max", "percentile_95", "percentile_99"),
        "backend_health": ("min", "max", "last"),
    }
    for metric, names in missing.items():
        table = found.metrics[metric]
        found.metrics[metric] = replace(
            table, statistics={**table.statistics, **dict.fromkeys(names, table.statistics["mean"])}
        )
    return found


def operation_facts(operation_id: str) -> dict[str, Any]:
    """Return what is told of an operation in every answer."""
    unknown = dict.fromkeys(("start_time", "latency", "retry_count", "error_type", "size", "producer"))
    known = {"operation_id": operation_id, "operation_type": "add", "backend": "ipfs", "status": "completed"}
    return {**known, "end_time": NOW, **unknown}
