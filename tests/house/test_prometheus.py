"""docs/prometheus.md against the code, and against Prometheus' own tools."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from telemetryd.exposition.family import Family
from telemetryd.exposition.scrape import FAMILIES
from telemetryd.exposition.totals import BOUNDS
from tests.end_to_end.test_prometheus import DOCUMENTED_DASHBOARD, EXAMPLE_DASHBOARD
from tests.prometheus import PROMTOOL

from .source import Block, blocks, read

DOCUMENT = "docs/prometheus.md"
YAML = [block for block in blocks(DOCUMENT) if block.language == "yaml"]
ALERTS = [block for block in YAML if block.text.startswith("groups:")]
CONFIGURATIONS = [block for block in YAML if block not in ALERTS]
NAME = re.compile(r"\b(?:wal|telemetryd|process)_\w+")


def test_tables_have_every_metric() -> None:
    """In the order in which a scrape tells them, with type, unit, labels and the help that it tells."""
    told = re.findall(r"^\| `(\w+)` \| (\w+) \|(.*?)\|(.*?)\| (.*) \|$", read(DOCUMENT), re.M)
    assert [
        (name, kind, unit.strip(), tuple(re.findall(r"`(\w+)`", labels)), means)
        for name, kind, unit, labels, means in told
    ] == [(each.sample_name, each.kind, each.unit, each.all_labels, each.help) for each in FAMILIES]


def test_buckets() -> None:
    """The bounds of the buckets of latencies are those of the code."""
    (told,) = re.findall(r"<!-- bounds -->(.*?), and infinity", read(DOCUMENT))
    assert tuple(map(float, told.split(","))) == BOUNDS


def test_names() -> None:
    """Every name that is told of anywhere is one that a scrape has."""
    known = {name for family in FAMILIES for name in _samples(family)}
    assert set(NAME.findall(read(DOCUMENT))) - {"wal_telemetry_grafana_dashboard"} <= known


def test_panels() -> None:
    """The table of panels has all that the dashboards ask for, and nothing else."""
    rows = re.findall(r"^\| [A-Z][^|]* \| (`.*?`) \| [^|]* \|$", read(DOCUMENT), re.M)
    told = {name for row in rows for name in NAME.findall(row)}
    assert told == {name for query in (*EXAMPLE_DASHBOARD, *DOCUMENTED_DASHBOARD) for name in NAME.findall(query)}


@pytest.mark.parametrize("block", CONFIGURATIONS, ids=lambda block: f"line {block.line}")
def test_configuration(block: Block, tmp_path: Path) -> None:
    """Every configuration is one that Prometheus takes."""
    _check(block, tmp_path, "config", "--syntax-only")


@pytest.mark.parametrize("block", ALERTS, ids=lambda block: f"line {block.line}")
def test_alerts(block: Block, tmp_path: Path) -> None:
    """Every alert is one that Prometheus takes."""
    _check(block, tmp_path, "rules")


def _check(block: Block, folder: Path, *what: str) -> None:
    path = folder / "example.yml"
    path.write_text(block.text)
    checked = subprocess.run([PROMTOOL, "check", *what, path], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def _samples(family: Family) -> set[str]:
    """Return the names that a family's samples may have, and its own."""
    suffixes = ("_bucket", "_count", "_sum") if family.kind == "histogram" else ()
    return {family.sample_name, *(f"{family.name}{suffix}" for suffix in suffixes)}
