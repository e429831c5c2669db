"""``GET /operations`` and ``GET /operations/{id}``."""

from __future__ import annotations

from urllib.parse import quote

import pytest
import yarl

from telemetryd.query.request import LATEST

from .conftest import NOW, Server, operation_facts


async def test_operations_are_listed(server: Server) -> None:
    """The list comes with what it was sorted and limited by; a latency that is unknown is null."""
    found = await server.json("operations?sort=failed&limit=3")
    assert found["operation"] == "list_operations"
    assert (found["sort"], found["limit"]) == ("failed", 3)
    assert (found["start_time"], found["end_time"]) == (NOW - 86400, NOW)
    assert found["operations"] == [operation_facts("a")]


@pytest.mark.parametrize(
    "query",
    [
        "sort=fastest",
        "sort=",
        "limit=0",
        "limit=1001",
        "limit=x",
        "limit=1.5",
        "status=done",
        "backend=",
        "operation_type=",
        "start_time=nan",
        "end_time=inf",
        "start_time=x",
        "sort=recent&sort=recent",
        "sorted=recent",
        "metric_type=throughput",
    ],
)
async def test_wrong_parameters_are_named(server: Server, query: str) -> None:
    """Every kind of wrong parameter is a 400 that names it."""
    found = await server.json(f"operations?{query}", 400)
    assert found["error_type"] == "invalid_parameter"
    assert found["error"].startswith(query.partition("=")[0])
    assert not server.query.asked


@pytest.mark.parametrize("operation_id", ["a", "a/b", "é ü", "a?b#c", "{x}", "%2F", "x" * 256, "." * 3])
async def test_one_operation_by_its_id(server: Server, operation_id: str) -> None:
    """Any id can be asked for, quoted as a path's part."""
    url = yarl.URL(f"{server.url}/api/v0/wal/telemetry/operations/{quote(operation_id, safe='')}", encoded=True)
    async with server.client.get(url) as response:
        found = await response.json()
    assert found["operation"] == "get_operation"
    assert found["operation_id"] == operation_id
    assert found["timeline"] == []


@pytest.mark.parametrize("operation_id", ["a", ".", "..", "a/b", "%2F", "é ü"])
async def test_one_operation_by_a_parameter(server: Server, operation_id: str) -> None:
    """Also an id that no path can hold, because clients take it for a way up."""
    found = await server.json(f"operation?operation_id={quote(operation_id, safe='')}&start_time=5")
    assert (found["operation"], found["operation_id"]) == ("get_operation", operation_id)
    assert server.query.asked == [(operation_id, 5.0, LATEST)]


@pytest.mark.parametrize("query", ["", "?operation_id=", "?id=a", "?operation_id=a&operation_id=b"])
async def test_without_an_id_there_is_no_operation(server: Server, query: str) -> None:
    """The parameter is named; in a path beside it, it is none."""
    found = await server.json(f"operation{query}", 400)
    assert found["error_type"] == "invalid_parameter"
    await server.json("operations/a?operation_id=b", 400)


async def test_an_unknown_operation_is_a_404(server: Server) -> None:
    """An id that no event carries is told from a path that does not exist by its error_type."""
    found = await server.json("operations/nobody", 404)
    assert found["error_type"] == "unknown_operation"
    assert "'nobody'" in found["error"]


async def test_a_range_narrows_the_search(server: Server) -> None:
    """Times given with an id reach the engine; without them all that is stored is looked at."""
    await server.json("operations/a?start_time=1000.5&end_time=2000")
    await server.json("operations/a")
    assert server.query.asked == [("a", 1000.5, 2000.0), ("a", 0.0, LATEST)]


@pytest.mark.parametrize(
    "query",
    ["limit=1", "start_time=x", "start_time=-1", "end_time=nan", "end_time=1&start_time=2", "end_time=1&end_time=2"],
)
async def test_wrong_parameters_of_one_are_named(server: Server, query: str) -> None:
    """Every kind of wrong parameter is a 400 that names it."""
    found = await server.json(f"operations/a?{query}", 400)
    assert found["error_type"] == "invalid_parameter"
    assert found["error"].startswith(f"{query.partition('=')[0]}: expected")
