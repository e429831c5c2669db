"""``GET /metrics``: parameters, formats, errors."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import aiohttp
import pyarrow as pa
import pytest

from telemetryd.model.errors import QueryTimeout, ResultTooLarge
from telemetryd.query.account import Account
from telemetryd.query.fingerprint import Settled
from telemetryd.query.request import MetricsRequest

from .conftest import NOW, PREFIX, Server, whole


async def test_the_answer_says_what_was_asked_and_used(server: Server) -> None:
    """The metric and the aggregation come back with the range and the interval that were used."""
    server.query.result = whole()
    found = await server.json("metrics?metric_type=operation_latency&aggregation=average")
    assert set(found) == {
        "success",
        "operation",
        "timestamp",
        "metrics",
        "metric_type",
        "aggregation",
        "start_time",
        "end_time",
        "interval",
    }
    assert (found["operation"], found["metric_type"], found["aggregation"]) == (
        "get_telemetry",
        "operation_latency",
        "average",
    )
    assert (found["start_time"], found["end_time"], found["interval"]) == (0, 120, 60)


async def test_without_parameters_nothing_is_chosen(server: Server) -> None:
    """With no parameter the metric and the aggregation are null."""
    found = await server.json("metrics")
    assert (found["metric_type"], found["aggregation"], found["metrics"]) == (None, None, {})


async def test_parameters_reach_the_engine(server: Server) -> None:
    """Every parameter but the format is the engine's request, read at the time of the request."""
    query = "metric_type=operation_latency&operation_type=add&backend=ipfs&status=completed&start_time=1000.5&end_time=2000&aggregation=rate&interval=120&format=csv"
    async with server.client.get(f"{server.url}{PREFIX}/metrics?{query}") as response:
        assert response.status == 200, await response.text()
    params = dict(pair.split("=") for pair in query.split("&"))
    del params["format"]
    assert server.query.asked == [MetricsRequest.parse(params, now=NOW, sampling_interval=60)]


@pytest.mark.parametrize(
    "query",
    [
        "metric_type=latency",
        "metric_type=",
        "metric_type=operation_count&metric_type=throughput",
        "operation_type=",
        "operation_type=" + "x" * 65,
        "backend=",
        "backend=" + "x" * 65,
        "status=done",
        "status=",
        "start_time=yesterday",
        "start_time=nan",
        "start_time=inf",
        "start_time=-1",
        "start_time=1_000",
        "start_time=%201000",
        "start_time=",
        "end_time=x",
        "end_time=-inf",
        "start_time=2000&end_time=1000",
        f"start_time={NOW + 1000}",
        "aggregation=median",
        "aggregation=",
        "interval=0",
        "interval=-60",
        "interval=61",
        "interval=90.5",
        "interval=x",
        "interval=nan",
        "interval=",
        "format=xml",
        "format=",
        "format=csv&format=json",
        "metrictype=throughput",
        "Metric_Type=throughput",
        "%ff=1",
        "=1",
    ],
)
async def test_every_wrong_parameter_is_named(server: Server, query: str) -> None:
    """Each kind of wrong parameter is a 400 that names it, and no query runs."""
    found = await server.json(f"metrics?{query}", 400)
    assert (found["operation"], found["error_type"]) == ("get_telemetry", "invalid_parameter")
    name = query.partition("=")[0]
    assert found["error"].startswith(f"{name}: expected " if name.isidentifier() else "")
    assert not server.query.asked


async def test_a_misspelt_parameter_names_the_nearest(server: Server) -> None:
    """The answer to an unknown parameter says which one was probably meant."""
    found = await server.json("metrics?aggregate=sum", 400)
    assert "did you mean aggregation?" in found["error"]


@pytest.mark.parametrize("accept", ["application/json", "text/html", "image/png"])
async def test_the_format_is_not_negotiated(server: Server, accept: str) -> None:
    """What the client says it accepts changes nothing: the format is a parameter."""
    server.query.result = whole()
    for name, content_type in {
        "csv": "text/csv",
        "arrow": "application/vnd.apache.arrow.stream",
        "rows": "application/json",
    }.items():
        async with server.client.get(
            f"{server.url}{PREFIX}/metrics?format={name}", headers={"Accept": accept}
        ) as response:
            assert (response.status, response.content_type) == (200, content_type)
            assert response.charset == ("utf-8" if name == "csv" else None)
    async with server.client.get(
        f"{server.url}{PREFIX}/metrics?format=csv&interval=x", headers={"Accept": accept}
    ) as response:
        assert (response.status, response.content_type) == (400, "application/json")


@pytest.mark.parametrize("samples", [1, 400, 401, 5000])
async def test_every_format_holds_every_sample(server: Server, samples: int) -> None:
    """Few samples or many, made at once or in pieces: the answer has them all."""
    server.query.result = whole(samples)
    nested = await server.json("metrics")
    assert len(nested["metrics"]["operation_count"]["add"]["ipfs"]) == samples
    assert len((await server.json("metrics?format=rows"))["rows"]) == 5 * samples
    async with server.client.get(f"{server.url}{PREFIX}/metrics?format=csv") as response:
        assert response.charset == "utf-8"
        assert len(list(csv.reader(io.StringIO(await response.text())))) == 1 + 5 * samples
    async with server.client.get(f"{server.url}{PREFIX}/metrics?format=arrow") as response:
        table = pa.ipc.open_stream(await response.read()).read_all()
        assert table.num_rows == 5 * samples
        assert table.schema.metadata[b"telemetryd.end_time"] == str(samples * 60).encode()
    async with server.client.head(f"{server.url}{PREFIX}/metrics") as response:
        assert response.status == 200


async def test_limits_of_queries_are_told(server: Server) -> None:
    """A query that asks for too much or takes too long is answered with its own word."""
    server.query.fails = ResultTooLarge("expected at most 10 samples, found 20: ask for a longer interval")
    assert (await server.json("metrics", 422))["error_type"] == "result_too_large"
    server.query.fails = QueryTimeout("expected an answer within 30 s, found none")
    assert (await server.json("metrics", 503))["error_type"] == "query_timeout"


async def test_an_answer_that_breaks_off_is_told_to_the_log(server: Server) -> None:
    """A fault in the middle of a large answer closes the connection, so that the part is not taken for the whole."""
    broken = whole(5000)
    broken.metrics["operation_count"].series[-1] = 99
    server.query.result = broken
    async with server.client.get(f"{server.url}{PREFIX}/metrics?format=rows") as response:
        assert response.status == 200
        with pytest.raises(aiohttp.ClientError):
            await response.read()
    ((operation, error),) = server.unexpected
    assert operation == "get_telemetry"
    assert isinstance(error, IndexError)


@pytest.mark.parametrize("form", ["json", "rows", "arrow", "csv"])
async def test_an_answer_that_cannot_change_has_a_strong_tag(server: Server, form: str) -> None:
    """It stands for these very bytes; who has it gets no second one, also where it is written as a weak one."""
    server.query.result, server.query.settled = whole(), Settled("meaning", "digits")
    url = f"{server.url}{PREFIX}/metrics?start_time=0&end_time=120&format={form}"
    async with server.client.get(url) as response:
        assert (response.status, response.headers["ETag"][:1]) == (200, '"')
        known = response.headers["ETag"]
    for told in (known, f"W/{known}", f'"another", {known}'):
        async with server.client.get(url, headers={"If-None-Match": told}) as response:
            assert (response.status, response.headers["ETag"], await response.read()) == (304, known, b"")
    assert len(server.query.asked) == 1
    async with server.client.get(url, headers={"If-None-Match": "*"}) as response:
        assert (response.status, len(server.query.asked)) == (304, 1)
    for settled in (Settled("another meaning", "digits"), Settled("meaning", "other digits")):
        server.query.settled = settled
        async with server.client.get(url, headers={"If-None-Match": known}) as response:
            assert (response.status, response.headers["ETag"] != known) == (200, True)


async def test_answers_of_two_instants_have_two_tags(server: Server) -> None:
    """Their envelopes tell different times, so their bytes differ; each is as good as the other."""
    url, answers = f"{server.url}{PREFIX}/metrics?format=json&end_time=1", {}
    server.query.settled = Settled("meaning", "digits")
    for now in (1000.0, 2000.5):
        server.query.result = replace(whole(), now=now)
        async with server.client.get(url) as response:
            answers[response.headers["ETag"]] = await response.read()
    assert len(answers) == len(set(answers.values())) == 2
    for known in answers:
        async with server.client.get(url, headers={"If-None-Match": known}) as response:
            assert (response.status, response.headers["ETag"]) == (304, known)


async def test_questions_have_tags_of_their_own(server: Server) -> None:
    """Whatever they differ in."""
    server.query.settled = Settled("meaning", "digits")
    tags = set()
    questions = ("", "&interval=120", "&metric_type=throughput", "&format=rows", "&backend=s3", "&aggregation=sum")
    for more in questions:
        async with server.client.get(f"{server.url}{PREFIX}/metrics?end_time=3600{more}") as response:
            tags.add(response.headers["ETag"])
    assert len(tags) == len(questions)


async def test_an_answer_that_can_change_has_no_tag(server: Server) -> None:
    """Nor has one that explains itself: what was read depends on what is in memory."""
    async with server.client.get(f"{server.url}{PREFIX}/metrics", headers={"If-None-Match": "*"}) as response:
        assert (response.status, "ETag" in response.headers) == (200, False)
    server.query.settled = Settled("meaning", "digits")
    async with server.client.get(f"{server.url}{PREFIX}/metrics?explain=true") as response:
        assert (response.status, "ETag" in response.headers) == (200, False)


async def test_an_answer_explains_itself_where_it_is_asked_to(server: Server) -> None:
    """With counts of what was read, in the envelope and in Arrow's metadata."""
    found = await server.json("metrics?explain=true")
    assert found["explain"] == Account().as_data()
    assert "explain" not in await server.json("metrics?explain=false")
    found = await server.json("metrics?explain=yes", 400)
    assert found["error"] == "explain: expected one of true, false, found 'yes'"
