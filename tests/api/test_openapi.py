"""``GET /openapi.json`` and ``GET /docs``; and what is written there against what there is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from openapi_spec_validator import validate

import telemetryd
from telemetryd.api import metrics, operations, visualization
from telemetryd.api import reports as reports_api
from telemetryd.api.access import NOTHING
from telemetryd.api.app import MAX_BODY, PREFIX, ROUTES, Route
from telemetryd.api.errors import STATUS_OF
from telemetryd.api.openapi import DOCUMENT
from telemetryd.api.operations import GET_OPERATION
from telemetryd.api.pages import assets
from telemetryd.api.serialize import FORMATS
from telemetryd.charts.drawing import FORMATS as CHART_FORMATS
from telemetryd.config import API_KEYS
from telemetryd.config_sources import SETTINGS
from telemetryd.model.events import STATUSES
from telemetryd.model.metrics import AGGREGATIONS, METRIC_TYPES
from telemetryd.model.timerange import HOUR, LATEST
from telemetryd.query.request import SORTS
from tests.house.source import script
from tests.openapi import check, document, judge, resolved

from .conftest import Server

METHODS = ("get", "post", "delete", "put", "patch", "head", "options", "trace")
JSON = "application/json"


def operations_told() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield method, path and all that the document says of each operation."""
    for path, methods in document()["paths"].items():
        for method in METHODS:
            if method in methods:
                yield method.upper(), path, methods[method]


def parameters_told(path: str, method: str = "get") -> dict[str, dict[str, Any]]:
    """Return the parameters of an operation by name, references resolved."""
    told = document()["paths"][path][method].get("parameters", [])
    found = [resolved(each["$ref"]) if "$ref" in each else each for each in told]
    return {each["name"]: each for each in found if each["in"] != "header"}


def schema_of(name: str) -> dict[str, Any]:
    found: dict[str, Any] = document()["components"]["schemas"][name]
    return found


def shown(route: Route) -> str:
    return re.sub(r"\{(\w+):[^{}]*\}", r"{\1}", route.path)


def everywhere(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every object of the document."""
    if isinstance(value, dict):
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from everywhere(each)


async def test_it_is_sent_as_it_is_written(server: Server) -> None:
    """As JSON, without an envelope, and with a tag; whoever has it gets no second one."""
    async with server.client.get(f"{server.url}/{DOCUMENT}") as response:
        assert (response.status, response.content_type) == (200, JSON)
        assert await response.json() == document()
        tag = response.headers["ETag"]
    async with server.client.get(f"{server.url}/{DOCUMENT}", headers={"If-None-Match": tag}) as response:
        assert (response.status, await response.read()) == (304, b"")
    assert (await server.json(f"/{DOCUMENT}?version=3", 400))["operation"] == "get_openapi"


async def test_the_page_is_one_of_ours(server: Server) -> None:
    """It needs nothing but files of this server, whatever it is asked with."""
    async with server.client.get(f"{server.url}/docs?anything=1") as response:
        assert (response.status, response.content_type) == (200, "text/html")
        text = await response.text()
        assert "script-src 'self';" in response.headers["Content-Security-Policy"]
    named = re.findall(r'(?:src|href)="([^"#]+)"', text)
    assert {name.removeprefix("static/") for name in named} - {"./", "docs", DOCUMENT} <= assets().keys()


def test_what_is_served_is_what_is_written() -> None:
    """The JSON is that of the YAML: scripts/openapi.py > telemetryd/api/static/openapi.json."""
    assert assets()[DOCUMENT].body.decode() == script("openapi").text()


def test_it_is_openapi() -> None:
    """By the specification's own schema and rules, in version 3.1; and of this version of the daemon."""
    validate(document())
    assert document()["openapi"].startswith("3.1")
    assert document()["info"]["version"] == telemetryd.__version__


def test_every_route_is_told_and_every_one_told_is_there() -> None:
    """By method and path; an operation is called there what its answers call it."""
    told = {(method, path): each["operationId"] for method, path, each in operations_told()}
    there = {(route.method, shown(route)): route.operation for route in ROUTES}
    # Two paths lead to it, and an id in the document has one.
    there["GET", f"{PREFIX}/operation"] = f"{GET_OPERATION}_by_parameter"
    assert told == there


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_who_may_ask_is_told(route: Route) -> None:
    """The role that a route needs is the one that the document names."""
    told = document()["paths"][shown(route)][route.method.lower()]
    schemes = told.get("security", document()["security"])
    roles = [role for each in schemes for roles in each.values() for role in roles]
    assert set(roles) == ({route.needs} - {NOTHING})
    assert ("401" in told["responses"]) is (route.needs != NOTHING or route.operation == "get_session")
    assert ("429" in told["responses"]) is bool(route.rate)


def test_every_failure_is_told_at_its_status() -> None:
    """Each `error_type`, and none but those there are."""
    told = {
        (word, int(status))
        for _, _, each in operations_told()
        for status, answer in each["responses"].items()
        for word in words_of(answer)
    }
    # What no operation can be answered with: it is none, or its method is not there.
    assert told | {("method_not_allowed", 405)} == set(STATUS_OF.items())
    assert set(schema_of("Failure")["properties"]["error_type"]["enum"]) == STATUS_OF.keys() - {"not_ready"}


def words_of(answer: dict[str, Any]) -> set[str]:
    """Return the `error_type`s that an answer may have."""
    answer = resolved(answer["$ref"]) if "$ref" in answer else answer
    schema = answer.get("content", {}).get(JSON, {}).get("schema", {})
    found: set[str] = set()
    for each in schema.get("oneOf", [schema]):
        own = each.get("properties") or (resolved(each["$ref"]).get("properties", {}) if "$ref" in each else {})
        word = own.get("error_type", {})
        found |= set(word.get("enum", [])) | ({word["const"]} if "const" in word else set())
    return found


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("metrics", metrics.PARAMETERS),
        ("visualization/{metric_type}", ("metric_type", *visualization.PARAMETERS)),
        ("operations", operations.PARAMETERS),
        ("realtime", ("window",)),
        ("stream", ("window", "interval")),
        ("operations/{operation_id}", ("operation_id", "start_time", "end_time")),
        ("operation", ("operation_id", "start_time", "end_time")),
    ],
)
def test_every_parameter_is_told(path: str, names: tuple[str, ...]) -> None:
    """No more and no fewer than the route takes."""
    assert parameters_told(f"{PREFIX}/{path}").keys() == set(names)


def test_words_are_those_that_the_code_knows() -> None:
    """Metrics, statuses, aggregations, sorts and formats."""
    of_metrics, of_charts = (
        parameters_told(f"{PREFIX}/metrics"),
        parameters_told(f"{PREFIX}/visualization/{{metric_type}}"),
    )
    assert tuple(schema_of("MetricType")["enum"]) == METRIC_TYPES
    assert tuple(schema_of("Status")["enum"]) == STATUSES
    assert tuple(schema_of("Aggregation")["enum"]) == AGGREGATIONS
    assert tuple(of_metrics["aggregation"]["schema"]["enum"]) == AGGREGATIONS
    assert tuple(of_metrics["format"]["schema"]["enum"]) == tuple(FORMATS)
    assert tuple(of_charts["format"]["schema"]["enum"]) == tuple(CHART_FORMATS)
    assert tuple(parameters_told(f"{PREFIX}/operations")["sort"]["schema"]["enum"]) == SORTS
    assert schema_of("Time")["maximum"] == LATEST


def test_settings_are_as_they_are_declared() -> None:
    """The keys of `/config`, their types and bounds."""
    body = document()["paths"][f"{PREFIX}/config"]["post"]["requestBody"]["content"][JSON]["schema"]
    assert body["properties"] == schema_of("ConfigKeys")["properties"]
    assert body["properties"].keys() == set(API_KEYS)
    for key, told in body["properties"].items():
        setting = SETTINGS[f"telemetry.{key}"]
        assert told["type"] == {bool: "boolean", int: "integer", str: "string"}[setting.kind]
        if "minimum" in told:
            assert (told["minimum"], told["maximum"]) == (setting.minimum, setting.maximum)
    assert body["properties"]["sampling_interval"]["enum"] == [each for each in range(1, HOUR + 1) if HOUR % each == 0]


def test_a_reports_range_is_told_wherever_it_may_stand() -> None:
    """In the query, and in a body of either kind."""
    told = document()["paths"][f"{PREFIX}/report"]["post"]
    assert parameters_told(f"{PREFIX}/report", "post").keys() == set(reports_api.PARAMETERS)
    for content in told["requestBody"]["content"].values():
        assert content["schema"]["properties"].keys() == set(reports_api.PARAMETERS)


def test_limits_are_told_as_they_are() -> None:
    """The longest body."""
    assert f"{MAX_BODY:,}" in document()["components"]["responses"]["BodyTooLarge"]["description"]


def test_every_example_is_true() -> None:
    """Of a parameter, of a body, of an answer: each is what its own schema says."""
    seen = 0
    for each in everywhere(document()):
        examples = (
            [told["value"] for told in each.get("examples", {}).values()]
            if isinstance(each.get("examples"), dict)
            else []
        )
        if "schema" in each:
            examples += [each["example"]] if "example" in each else []
            for example in examples:
                judge(each["schema"]).validate(example)
                seen += 1
    assert seen > 30


def test_everything_is_said_in_words() -> None:
    """Each operation has a summary, each parameter and each answer a description, and each tag is explained."""
    tags = {tag["name"] for tag in document()["tags"] if tag["description"]}
    for method, path, each in operations_told():
        assert each["summary"] and set(each["tags"]) <= tags, (method, path)
        for parameter in parameters_told(path, method.lower()).values():
            assert parameter["description"], (method, path, parameter["name"])
        for answer in each["responses"].values():
            assert (resolved(answer["$ref"]) if "$ref" in answer else answer)["description"]
    assert tags == {tag for _, _, each in operations_told() for tag in each["tags"]}


def test_nothing_is_told_that_nothing_needs() -> None:
    """Every component is referred to."""
    text = json.dumps(document())
    for kind in ("schemas", "responses", "parameters", "headers"):
        for name in document()["components"][kind]:
            assert f'"#/components/{kind}/{name}"' in text, name


GOOD = {"success": True, "operation": "ready", "timestamp": 1.5, "reasons": []}


@pytest.mark.parametrize(
    ("method", "path", "status", "headers", "body"),
    [
        ("GET", "/-/ready", 201, {"Content-Type": JSON}, GOOD),
        ("GET", "/-/ready", 200, {"Content-Type": "text/plain"}, GOOD),
        ("GET", "/-/ready", 200, {}, GOOD),
        ("GET", "/-/ready", 200, {"Content-Type": JSON}, {**GOOD, "more": 1}),
        ("GET", "/-/ready", 200, {"Content-Type": JSON}, {**GOOD, "timestamp": "1"}),
        ("GET", "/-/ready", 200, {"Content-Type": JSON}, {"success": True}),
        ("HEAD", "/-/ready", 200, {"Content-Type": JSON}, GOOD),
        ("POST", "/-/ready", 200, {"Content-Type": JSON}, GOOD),
        ("GET", "/nowhere", 200, {"Content-Type": JSON}, GOOD),
        ("GET", "/", 304, {"ETag": "no quotes"}, None),
        ("GET", "/", 304, {"ETag": '"x"'}, GOOD),
    ],
)
def test_what_is_not_promised_is_seen(
    method: str, path: str, status: int, headers: dict[str, str], body: dict[str, Any] | None
) -> None:
    """Another status, another type, a key too many or too few, a body where none is: no test goes on with such an answer."""
    check("GET", "/-/ready", 200, {"Content-Type": JSON}, json.dumps(GOOD).encode())
    with pytest.raises((AssertionError, ValueError)):
        check(method, path, status, headers, b"" if body is None else json.dumps(body).encode())
