"""The API's OpenAPI document as a judge: every answer that a test gets must be one that it promises.

Clients of tests come by it where they read an answer: ``Answer`` for aiohttp, ``look`` for requests.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import jsonschema_rs
import requests

JSON = "application/json"


@cache
def document() -> dict[str, Any]:
    """Return the document that the daemon serves; not to be changed."""
    found: dict[str, Any] = json.loads(files("telemetryd.api").joinpath("static", "openapi.json").read_bytes())
    return found


@dataclass(frozen=True, slots=True)
class Promise:
    """What one status of an operation may hold; ``pointer`` is where the document says so."""

    pointer: str
    headers: Mapping[str, Any]
    content: Mapping[str, Any]


def check(method: str, path: str, status: int, headers: Mapping[str, str], body: bytes | None = None) -> None:
    """Fail where the document does not promise this answer; without ``body``, only its head is looked at.

    ``path`` is quoted, as it was sent. What no route takes must be answered with a failure all the same.
    """
    template, operations = _operations(path)
    operation = operations.get("get" if method == "HEAD" else method.lower())
    where = f"{method} {path} -> {status}"
    if operation is None:
        expected = {400, 403, 408, 414, 421, 431, 404 if template is None else 405}
        assert status in expected, f"{where}: expected one of {sorted(expected)}, for no operation has it"
        promise = Promise("#/components/schemas/Failure", {}, {JSON: {"schema": True}})
    else:
        found = operation["responses"].get(str(status))
        assert found is not None, f"{where}: the document has only {sorted(operation['responses'])}; it said {body!r}"
        promise = _promise(found)
    _check_headers(promise, headers, where)
    if not promise.content or (method == "HEAD" and body is not None):
        assert not body, f"{where}: expected no body, found {body!r}"
        return
    content_type = headers.get("Content-Type", "").partition(";")[0]
    assert content_type in promise.content, f"{where}: expected one of {sorted(promise.content)}, found {content_type}"
    if body is not None and content_type == JSON and "schema" in promise.content[content_type]:
        _check_json(promise, body, where)


class Answer(aiohttp.ClientResponse):
    """An answer that is checked as it comes: its head at once, its body as soon as it is read whole."""

    async def start(self, connection: Any) -> aiohttp.ClientResponse:
        found = await super().start(connection)
        check(self.method, self.url.raw_path, self.status, self.headers)
        return found

    async def read(self) -> bytes:
        body = await super().read()
        check(self.method, self.url.raw_path, self.status, self.headers, body)
        return body


def look(answer: requests.Response, *args: Any, **kwargs: Any) -> None:
    """Check an answer: a hook for ``response`` of requests' sessions."""
    assert answer.request.method is not None and answer.request.url is not None
    check(
        answer.request.method,
        urlsplit(answer.request.url).path,
        answer.status_code,
        answer.headers,
        None if kwargs.get("stream") else answer.content,
    )


@cache
def _routes() -> list[tuple[re.Pattern[str], str]]:
    """Return the paths of the document, those without parameters first."""
    templates = sorted(document()["paths"], key=lambda template: template.count("{"))
    return [(re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(each))), each) for each in templates]


def _operations(path: str) -> tuple[str | None, Mapping[str, Any]]:
    template = next((template for pattern, template in _routes() if pattern.fullmatch(path)), None)
    return template, {} if template is None else document()["paths"][template]


def _promise(found: dict[str, Any]) -> Promise:
    if "$ref" in found:
        pointer = found["$ref"]
        found = resolved(pointer)
    else:
        pointer = ""
    return Promise(pointer, found.get("headers", {}), found.get("content", {}))


def resolved(pointer: str) -> Any:
    """Return what a reference within the document is to."""
    found: Any = document()
    for step in pointer.removeprefix("#/").split("/"):
        found = found[step]
    return found


def _check_headers(promise: Promise, headers: Mapping[str, str], where: str) -> None:
    for name, told in promise.headers.items():
        header = resolved(told["$ref"]) if "$ref" in told else told
        value = headers.get(name)
        assert value is not None or not header.get("required"), f"{where}: expected the header {name}, found none"
        if value is not None:
            number = header["schema"].get("type") == "integer"
            judge(header["schema"]).validate(int(value) if number else value)


def _check_json(promise: Promise, body: bytes, where: str) -> None:
    try:
        found = json.loads(body, parse_constant=_refused)
    except ValueError as error:
        raise AssertionError(f"{where}: expected JSON, found {error}: {body[:500]!r}") from None
    schema = promise.content[JSON]["schema"]
    error = next(judge(schema if isinstance(schema, dict) else {"$ref": promise.pointer}).iter_errors(found), None)
    if error is not None:
        at = "/".join(map(str, error.instance_path))
        raise AssertionError(f"{where}: the document promises otherwise, at {at}: {error.message[:1000]}")


def _refused(word: str) -> Any:
    raise ValueError(f"{word}, which JSON has not")


def judge(schema: Mapping[str, Any]) -> jsonschema_rs.Validator:
    """Return what validates by a schema of the document; an object that does not say that it is open has no other keys."""
    return _judge(json.dumps(schema))


@cache
def _judge(schema: str) -> jsonschema_rs.Validator:
    components = {"schemas": {name: closed(each) for name, each in document()["components"]["schemas"].items()}}
    return jsonschema_rs.Draft202012Validator({**closed(json.loads(schema)), "components": components})


def closed(schema: Any) -> Any:
    """Return a schema whose objects have no keys but those it names; ``additionalProperties`` says otherwise.

    What stands beside a reference narrows another schema, and is left as it is.
    """
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: closed(value) for key, value in schema.items()}
    if schema.get("type") == "object" and isinstance(schema.get("properties"), dict):
        made.setdefault("additionalProperties", False)
    return made
