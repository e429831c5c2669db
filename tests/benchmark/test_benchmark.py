"""``scripts/bench`` at its smallest: every row runs and gives numbers; what they are is no matter here."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from typing import Any

import pytest
from benchmark.__main__ import ROWS, main

from tests.house.source import ROOT

ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "scripts"), str(ROOT)])}
# What a machine may lack, each with a sentence of its own in the table.
MAY_BE_MISSING = ("not installed: scripts/bench --install", "not measured: bench_store.py is not there")


def measured(*options: str) -> dict[str, list[dict[str, Any]]]:
    command = [sys.executable, "-m", "benchmark", "--quick", "--tiny", "--json", *options]
    told = subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    return dict(json.loads(told.stdout)["rows"])


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("row", ROWS)
def test_every_row_gives_numbers(row: str) -> None:
    """Each of its lines has a figure of ours and, where it is beside another, one of theirs, or says what is missing."""
    rows = measured("--only", row)
    assert list(rows) == [row]
    assert rows[row]
    for line in rows[row]:
        if line["missing"]:
            assert line["missing"] in MAY_BE_MISSING
            continue
        assert line["ours"] and all(math.isfinite(each) for each in line["ours"]), line
        if line["against"]:
            assert len(line["theirs"]) == len(line["ours"]) and all(each > 0 for each in line["theirs"]), line
        assert (line["goal"] is None) == (line["met"] is None)


def test_a_row_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    """A mistake in an option is told, with the rows there are, and nothing is measured."""
    with pytest.raises(SystemExit):
        main(["--only", "nothing"])
    assert "growth" in capsys.readouterr().err
