"""docs/operations.md against the commands: every example gives what it shows."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from telemetryd.cli import main
from tests.examine.places import flip

from .source import Block, blocks

DOCUMENT = "docs/operations.md"
STORE = "/var/lib/telemetryd"
EXAMPLES = [block for block in blocks(DOCUMENT) if block.note.startswith("run")]


@pytest.mark.parametrize("block", EXAMPLES, ids=lambda block: block.text.partition("\n")[0][2:40])
def test_an_example_gives_what_it_shows(
    block: Block, store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a store like the one it is of; how many bytes pyarrow makes of it may differ from release to release."""
    if damaged := re.search(r"with a flipped bit in (\S+)", block.note):
        flip(store / damaged[1])
    for example in re.findall(r"^\$ telemetryd (.*?\n(?:(?!\$ ).*\n)*)", block.text, re.M):
        command, _, expected = example.partition("\n")
        main(shlex.split(command.replace(STORE, str(store))), {"HOME": str(tmp_path)})
        told, wrong = capsys.readouterr()
        assert wrong == ""
        assert _without_sizes(told.replace(str(store), STORE)) == _without_sizes(expected)


def test_there_are_examples_of_both_commands() -> None:
    """Of each several."""
    text = "".join(block.text for block in EXAMPLES)
    assert text.count("$ telemetryd fsck") >= 3
    assert text.count("$ telemetryd inspect") >= 3


def _without_sizes(text: str) -> str:
    text = re.sub(r"[\d,.]+(?= (?:bytes|%))", "#", text)
    return re.sub(r" +", " ", text)
