"""docs/compatibility.md claims nothing that no test proves."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from .source import ROOT, read, tree

ROWS = re.findall(r"^\| (.*) \| (.*) \| `(tests/\S+)` \|$", read("docs/compatibility.md"), re.M)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:40])
def test_every_row_names_a_test(row: tuple[str, str, str]) -> None:
    """That exists."""
    path, _, name = row[2].partition("::")
    assert (ROOT / path).is_file()
    if name:
        assert name in _tests(Path(path))


def test_every_test_of_compatibility_has_its_row() -> None:
    """What is tried is told."""
    path = "tests/end_to_end/test_compatibility.py"
    assert {f"{path}::{name}" for name in _tests(Path(path))} == {
        place for _, _, place in ROWS if place.startswith(path)
    }


def test_the_version_is_the_one_that_the_tests_install() -> None:
    """Another may be otherwise."""
    (version,) = re.findall(r"ipfs_kit_py==([\d.]+)", read("scripts/_environment.sh"))
    assert f"ipfs_kit_py {version}" in read("docs/compatibility.md")


def _tests(path: Path) -> set[str]:
    return {
        node.name for node in tree(path).body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }
