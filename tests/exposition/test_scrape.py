"""A scrape: what is known, as parsers that are not ours read it."""

from __future__ import annotations

import gzip
import subprocess
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telemetryd.exposition.facts import Facts
from telemetryd.exposition.scrape import FAMILIES, scrape
from tests.ingest.intake import HOUR, change, start
from tests.prometheus import PROMTOOL

from . import test_own, test_wal
from .counting import Counting, families, life, samples

STARTED = 1_700_000_000.5
WORDS = st.text(min_size=1, max_size=64).filter(lambda word: word.encode("utf-8", "ignore").decode() == word)


def answer(counting: Counting, openmetrics: bool, compress: bool = False) -> bytes:
    facts = Facts(STARTED, test_wal.facts(counting), test_own.facts())
    return b"".join(scrape(facts, openmetrics, compress))


def told(words: Iterable[str] = ("add",)) -> Counting:
    """Return what is known of an operation of each type, and of one that has not ended."""
    counting = Counting()
    for number, word in enumerate(words):
        counting.tell(*life(f"{number}", 0.5, operation_type=word), start(f"{number}-more", HOUR, word))
        counting.tell(*life(f"{number}{word}", 7.0, operation_type=word))
    return counting


@pytest.mark.parametrize("openmetrics", [False, True])
def test_parsers_take_it(openmetrics: bool) -> None:
    """Every family that has anything to tell is there, with its type, and each sample once."""
    found = families(answer(told(), openmetrics), openmetrics)
    assert set(found) == {family.name for family in FAMILIES if family.name not in ("wal_backend_health",)} - (
        {"telemetryd_build"} if not openmetrics else set()
    ) | (set() if openmetrics else {"telemetryd_build_info"})
    for family in FAMILIES:
        if family.name in found:
            assert found[family.name].type == family.kind
            assert found[family.name].documentation == family.help
    assert samples(found)["wal_queue_size", (("status", "pending"),)] == 1


def test_both_formats_tell_the_same() -> None:
    """But for when counters began, which only one of them can say."""
    counting = told(("add", "pin"))
    text, openmetrics = (samples(families(answer(counting, each), each)) for each in (False, True))
    began = {key: value for key, value in openmetrics.items() if key[0].endswith("_created")}
    # What the process uses may be another thing from one answer to the next.
    for name in (
        "process_cpu_seconds_total",
        "process_resident_memory_bytes",
        "process_virtual_memory_bytes",
        "process_open_fds",
    ):
        assert text.pop((name, ())) and openmetrics.pop((name, ()))
    assert {key: value for key, value in openmetrics.items() if key not in began} == text
    assert set(began.values()) == {STARTED}


def test_openmetrics_shows_exemplars_and_ends() -> None:
    """The text format knows neither."""
    text, openmetrics = answer(told(), openmetrics=False), answer(told(), openmetrics=True)
    assert b'le="0.5"} 1 # {operation_id="0"} 0.5 ' in openmetrics
    assert openmetrics.endswith(b"\n# EOF\n")
    assert b"operation_id" not in text and b"# EOF" not in text


def test_compressed_is_the_same() -> None:
    """Byte for byte, but for what the process uses meanwhile."""
    counting = told()
    plain, packed = answer(counting, openmetrics=True), answer(counting, openmetrics=True, compress=True)
    lines = [
        [each for each in text.splitlines() if not each.startswith(b"process_")]
        for text in (plain, gzip.decompress(packed))
    ]
    assert lines[0] == lines[1]


@settings(max_examples=50)
@given(st.sets(WORDS, max_size=4), st.booleans())
def test_no_word_breaks_it(words: set[str], openmetrics: bool) -> None:
    """Whatever a type or an operation is called; a zero byte is shown as its symbol."""
    found = families(answer(told(words), openmetrics), openmetrics)
    shown = {each.labels["operation_type"] for each in found["wal_operations_started"].samples} if words else set()
    assert shown == {word.replace("\0", "\u2400") for word in words}


def test_series_beyond_the_limit_are_one() -> None:
    """So the number of lines has a bound."""
    counting = Counting(max_series=3)
    for number in range(20):
        counting.tell(*life(f"{number}", 0.5, operation_type=f"type-{number}"))
    found = samples(families(answer(counting, openmetrics=False), openmetrics=False))
    started = {labels: value for (name, labels), value in found.items() if name == "wal_operations_started_total"}
    assert len(started) == 3
    assert started[("backend", "ipfs"), ("operation_type", "other")] == 18


def test_promtool_has_nothing_to_say() -> None:
    """Names, types, units and help are as the practices of Prometheus ask for."""
    counting = told(("add", 'we"ird\\\n\0\r{}%s'))
    counting.tell(change("0-more", "retrying", HOUR + 1))
    checked = subprocess.run(
        [PROMTOOL, "check", "metrics"], input=answer(counting, openmetrics=False), capture_output=True, check=False
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")
