"""What every module of the package keeps to."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from .source import MODULES, ROOT, tree

# The two places that may catch everything, each once: the API's middleware and the supervisor.
BROAD = {"telemetryd/api/app.py": 1, "telemetryd/supervisor.py": 1}
LONGEST = 300
VAGUE = ("base", "common", "helper", "helpers", "manager", "misc", "process", "util", "utils")

each_module = pytest.mark.parametrize("module", MODULES, ids=str)
each_package = pytest.mark.parametrize("module", [each for each in MODULES if each.name == "__init__.py"], ids=str)


@pytest.mark.parametrize("module", [each for each in MODULES if each.name != "__init__.py"], ids=str)
def test_mirror(module: Path) -> None:
    """Every module has its test file at the same place below tests/."""
    inside = module.relative_to("telemetryd")
    mirror = Path("tests") / inside.parent / f"test_{inside.name}"
    assert (ROOT / mirror).is_file(), f"expected the tests of {module} in {mirror}, found no such file"


@each_package
def test_charter(module: Path) -> None:
    """Every package opens with what belongs there, what never does, and what it keeps."""
    charter = ast.get_docstring(tree(module)) or ""
    if module.parent == Path("telemetryd"):
        assert charter
        return
    for word in ("Belongs here", "Never here", "Invariant"):
        assert word in charter, f"{module}: expected a charter that says {word!r}, found {charter!r}"


@each_module
def test_docstring(module: Path) -> None:
    """Every module says what it is, in a first line that ends as a sentence or a title does."""
    docstring = ast.get_docstring(tree(module)) or ""
    assert docstring, f"{module}: expected a docstring, found none"


@each_module
def test_public_names_are_documented(module: Path) -> None:
    """Every public class and function at the top of a module says what it is or does."""
    bare = [
        node.name
        for node in tree(module).body
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        if not node.name.startswith("_") and not ast.get_docstring(node)
    ]
    assert not bare, f"{module}: expected docstrings, found none on {', '.join(bare)}"


@each_module
def test_length(module: Path) -> None:
    """No module is longer than one idea."""
    lines = len((ROOT / module).read_text().splitlines())
    assert lines <= LONGEST, f"{module}: expected at most {LONGEST} lines, found {lines}: it is two ideas"


@each_module
def test_name(module: Path) -> None:
    """No module has a name that says nothing."""
    assert not set(module.with_suffix("").parts) & set(VAGUE)


@each_module
def test_broad_except(module: Path) -> None:
    """Everything is caught in two places only; elsewhere an `except` names what it expects."""
    found = sum(_is_broad(node) for node in ast.walk(tree(module)))
    assert found == BROAD.get(module.as_posix(), 0), f"{module}: found {found} places that catch everything"


def _is_broad(node: ast.AST) -> bool:
    if isinstance(node, ast.ExceptHandler):
        if ast.unparse(node.body[-1]) == "raise":
            return False  # it only tidies up, and lets everything pass
        caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
        return any(each is None or _is_root(each) for each in caught)
    if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "suppress":
        return any(_is_root(each) for each in node.args)
    return False


def _is_root(node: ast.expr) -> bool:
    return ast.unparse(node) in ("Exception", "BaseException")
