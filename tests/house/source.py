"""The repository as data: its modules, its documents, and what is written in them."""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "telemetryd"
MODULES = sorted(path.relative_to(ROOT) for path in PACKAGE.rglob("*.py"))
DOCUMENTS = sorted(
    path.relative_to(ROOT)
    for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / ".github").rglob("*.md"))
)
SHELL_SCRIPTS = sorted(
    path.relative_to(ROOT)
    for path in (*(ROOT / "scripts").iterdir(), ROOT / ".ci" / "run")
    if path.is_file() and (path.suffix == ".sh" or path.read_bytes().startswith(b"#!/usr/bin/env bash"))
)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of a document; ``note`` is the HTML comment on the line before it, if any."""

    note: str
    language: str
    text: str
    line: int


def read(path: Path | str) -> str:
    """Return a file of the repository."""
    return (ROOT / path).read_text(encoding="utf-8")


def tree(module: Path) -> ast.Module:
    """Return the syntax tree of a module."""
    return ast.parse(read(module))


def blocks(document: Path | str) -> Iterator[Block]:
    """Yield the fenced blocks of a document, in order."""
    pattern = re.compile(r"(?:^<!-- (?P<note>.*?) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.M | re.S)
    text = read(document)
    for found in pattern.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        yield Block(found["note"] or "", found["language"], found["text"], line)


def script(name: str) -> ModuleType:
    """Return a Python script of ``scripts/`` as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
