"""docs/api.md against a running daemon: the same routes, and examples with the keys of real answers."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
from typing import Any

import pytest

from telemetryd.api.app import PREFIX, ROUTES
from telemetryd.api.errors import STATUS_OF
from tests.end_to_end.daemon import Daemon

from .source import Block, blocks, read

DOCUMENT = "docs/api.md"
NOTE = re.compile(r"example: (?P<method>[A-Z]+) (?P<path>\S+)(?: (?P<body>\{.*\}))?(?: -> (?P<status>\d+))?")
EXAMPLES = [block for block in blocks(DOCUMENT) if block.note.startswith("example")]


def test_routes() -> None:
    """Every route has a heading in docs/api.md, and every heading of a route is one."""
    told = re.findall(r"^#+ `([A-Z]+) (/\S*)`$", read(DOCUMENT), re.M)
    assert len(told) == len(set(told))
    assert set(told) == {(route.method, _shown(route.path)) for route in ROUTES}


def test_errors() -> None:
    """The table of errors has every `error_type` that the API can give, at its status."""
    rows = re.findall(r"^\| (\d{3}) \| (.*?) \|", read(DOCUMENT), re.M)
    told = {word: int(status) for status, words in rows for word in re.findall(r"`(\w+)`", words)}
    assert told == STATUS_OF


def test_every_json_block_is_an_example() -> None:
    """No JSON of docs/api.md goes unchecked."""
    unchecked = [
        block.line for block in blocks(DOCUMENT) if block.language == "json" and not NOTE.fullmatch(block.note)
    ]
    assert not unchecked, f"{DOCUMENT}: no example comment above the blocks at lines {unchecked}"


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda block: f"line {block.line}")
def test_example(example: Block, daemon_with_data: Daemon) -> None:
    """An example has the status and the keys, at every depth, of the answer to its request."""
    asked = NOTE.fullmatch(example.note)
    assert asked is not None, example.note
    body: dict[str, Any] = {} if asked["body"] is None else {"json": json.loads(asked["body"])}
    path = asked["path"] if asked["path"].startswith("/-/") else PREFIX + asked["path"]
    answer = daemon_with_data.ask(asked["method"], path, **body)
    assert answer.status_code == int(asked["status"] or 200), answer.text
    if example.language == "csv":
        told, found = (next(csv.reader(io.StringIO(text))) for text in (example.text, answer.text))
        assert told == found
    else:
        assert _shape(json.loads(example.text)) == _shape(answer.json())


def test_readme_example(daemon_with_data: Daemon) -> None:
    """The example in Python of README.md, which is that of the API's users, prints numbers."""
    (example,) = (block for block in blocks("README.md") if "import requests" in block.text)
    text = example.text.replace("http://localhost:8000", daemon_with_data.url)
    ran = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=60, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    told = dict(line.split(": ", 1) for line in ran.stdout.splitlines())
    assert list(told) == ["Latency metrics", "Success rate", "Error rate", "Throughput", "Filtered metrics"]
    assert all("add" in words and re.search(r"\d", words) for words in told.values())


def _shown(path: str) -> str:
    return re.sub(r"\{(\w+):[^{}]*\}", r"{\1}", path)


def _shape(value: Any) -> Any:
    """Return a value with its leaves reduced to kinds; a list is what its elements have between them."""
    if isinstance(value, dict):
        return {key: _shape(each) for key, each in value.items()}
    if isinstance(value, list):
        shapes: list[Any] = []
        for each in value:
            if (shape := _shape(each)) not in shapes:
                shapes.append(shape)
        return [_joined(shapes)] if shapes else []
    if isinstance(value, bool):
        return "true or false"
    return {str: "text", int: "number", float: "number", type(None): "null"}[type(value)]


def _joined(shapes: list[Any]) -> Any:
    """Return the keys that any of the elements has; elements that are no objects stay a set of kinds."""
    if not all(isinstance(shape, dict) for shape in shapes):
        return sorted(map(str, shapes))
    return sorted({key for shape in shapes for key in shape})
