"""docs/wire.md against the code: its examples are taken, its reasons are all there are."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from telemetryd.model import errors
from telemetryd.model.codec import Batch, decode_frame
from tests.end_to_end.daemon import Daemon
from tests.end_to_end.waiting import until

from .source import MODULES, Block, blocks, read, tree

DOCUMENT = "docs/wire.md"
FRAMES = [line for block in blocks(DOCUMENT) if block.note == "to the daemon" for line in block.text.splitlines()]
PRODUCERS = [block for block in blocks(DOCUMENT) if block.note.startswith("producer")]


@pytest.mark.parametrize("line", FRAMES)
def test_example_lines_are_taken(line: str) -> None:
    """Every example line to the daemon is one that it takes whole."""
    frame = decode_frame(line.encode())
    assert not (isinstance(frame, Batch) and frame.rejections)


def test_reasons_are_those_of_the_code() -> None:
    """The table of reasons has every reason that the code can give, and no other."""
    text = read(DOCUMENT)
    told = re.findall(r"^\| `(\w+)` \|", text[text.index("## Reasons") :].partition("\n## ")[0], re.M)
    assert sorted(told) == sorted(set(told))
    assert set(told) == {reason for module in MODULES for reason in _reasons(tree(module))}


@pytest.mark.parametrize("block", PRODUCERS, ids=lambda block: block.language)
def test_example_producers_work(block: Block, daemon: Daemon) -> None:
    """Each example producer, run as it is printed, gets its operation into the daemon."""
    command = [sys.executable, "-c"] if block.language == "python" else ["bash", "-c"]
    environment = {"PATH": os.environ["PATH"], "SOCKET": daemon.socket}
    ran = subprocess.run(
        [*command, block.text], capture_output=True, text=True, timeout=60, check=False, env=environment
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    until(lambda: daemon.entries("completed") > 0, f"the operation of {block.note}; it said {ran.stdout!r}")
    for line in ran.stdout.splitlines():
        assert "error" not in json.loads(line) if line.startswith("{") else True


def _reasons(module: ast.Module) -> Iterator[str]:
    """Yield the first argument of every ``Rejected(…)`` and every ``reason`` of an error line."""
    words: dict[str, list[str]] = {}
    for node in ast.walk(module):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            words.setdefault(node.targets[0].id, []).extend(_words(node.value, {}))
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Rejected":
            yield from _words(node.args[0], words)
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == "reason":
                    yield from _words(value, words)


def _words(node: ast.expr, known: dict[str, list[str]]) -> list[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.IfExp):
        return _words(node.body, known) + _words(node.orelse, known)
    if isinstance(node, ast.Name):
        return known.get(node.id, [])
    if isinstance(node, ast.Attribute) and node.attr == "word" and hasattr(errors, ast.unparse(node.value)):
        return [getattr(errors, ast.unparse(node.value)).word]
    return []
