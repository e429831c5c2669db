"""docs/security.md against the tests: each line of the threat model has one, and none is left out."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from .source import ROOT, read

DOCUMENT = "docs/security.md"
MODEL = read(DOCUMENT).partition("\n## Threat model\n")[2]
LINES = [line for line in MODEL.splitlines() if line.startswith("| ") and not line.startswith("| what ")]


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.split("|")[1].strip())
def test_each_line_has_a_test(line: str) -> None:
    """It is in the file that is named, and says in its docstring what it claims."""
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert len(cells) == 3
    found = re.fullmatch(r"`(tests/[\w/]+\.py)::(test_\w+)`", cells[2])
    assert found is not None, cells[2]
    assert found[2] in _tests(Path(found[1]))


def test_no_two_lines_have_the_same_test() -> None:
    """A line that nothing of its own holds is none."""
    named = re.findall(r"`(tests/[^`]+)`", MODEL)
    assert len(named) == len(set(named)) == len(LINES)


def test_every_security_test_is_named() -> None:
    """What was thought worth a test there is a line here."""
    there = {
        f"{path.relative_to(ROOT)}::{name}"
        for path in (ROOT / "tests" / "security").glob("test_*.py")
        for name in _tests(path.relative_to(ROOT))
    }
    assert there <= set(re.findall(r"`(tests/[^`]+)`", MODEL))


def _tests(path: Path) -> set[str]:
    """Return the names of the tests of a file."""
    functions = (
        node for node in ast.walk(ast.parse(read(path))) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    return {
        function.name for function in functions if function.name.startswith("test_") and ast.get_docstring(function)
    }
