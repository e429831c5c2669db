"""Documents are true where a machine can tell."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import telemetryd

from .source import DOCUMENTS, MODULES, ROOT, read

LAYERS = re.findall(r"^    (\w+(?: \| \w+)*)$", read("setup.cfg").partition("layers =\n")[2], re.MULTILINE)
RECORDS = [path for path in DOCUMENTS if path.parent == Path("docs/decisions")]


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_links(document: Path) -> None:
    """Every relative link leads to a file, and to a heading of it where it names one."""
    for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"```.*?```", "", read(document), flags=re.S)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        found = (ROOT / document.parent / path).resolve() if path else ROOT / document
        assert found.exists(), f"{document}: the link {target} leads nowhere"
        if anchor:
            assert anchor in _anchors(found.read_text()), f"{document}: {target} names no heading"


def test_code_map_of_the_process() -> None:
    """The modules of the process are in ARCHITECTURE.md as the import contracts have them, layer by layer."""
    process = LAYERS[: next(number for number, layer in enumerate(LAYERS) if layer == "api")]
    block = read("ARCHITECTURE.md").partition("\n process ")[2].partition("\n presentation ")[0]
    assert " ".join(block.split()) == " → ".join(process)


@pytest.mark.parametrize("package", sorted({path.parts[1] for path in MODULES if len(path.parts) > 2}))
def test_code_map(package: str) -> None:
    """ARCHITECTURE.md says what each package is for."""
    assert f"`telemetryd/{package}/`" in read("ARCHITECTURE.md")


def test_changelog_has_this_version() -> None:
    """The changelog tells what this version brings."""
    assert f"## [{telemetryd.__version__}]" in read("CHANGELOG.md")


@pytest.mark.parametrize("record", RECORDS, ids=str)
def test_decision_record(record: Path) -> None:
    """A decision record is numbered, and says context, decision, consequences and measurement."""
    number = int(record.name[:4])
    assert number == RECORDS.index(record) + 1
    headings = re.findall(r"^#+ (.*)$", read(record), re.M)
    assert headings[0].startswith(f"{number}. ")
    assert headings[1:] == ["Context", "Decision", "Consequences", "Measured"]


def _anchors(markdown: str) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", re.sub(r"```.*?```", "", markdown, flags=re.S), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
