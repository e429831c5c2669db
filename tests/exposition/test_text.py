"""Families as text: both formats, to the byte."""

from __future__ import annotations

import gzip

import pytest

from telemetryd.exposition.family import Family, Rows, Spread
from telemetryd.exposition.text import BLOCK, END, PIECE, encoded, family_text

from .counting import families, samples

COUNTER = Family("ops", "counter", "Operations.", ("backend",), Spread("status", ("completed", "failed")))
HISTOGRAM = Family("took_seconds", "histogram", "Durations.", ("backend",), bounds=(0.5, 1.0))


def text_of(family: Family, rows: Rows, openmetrics: bool) -> str:
    return "".join(family_text(family, rows, openmetrics, 1.5)) + (END if openmetrics else "")


def test_a_counter_as_text() -> None:
    """Metadata under the name of the samples; nothing is said of when it began."""
    rows = Rows(['backend="s3"'], [[1], [2]])
    assert text_of(COUNTER, rows, openmetrics=False).splitlines() == [
        "# HELP ops_total Operations.",
        "# TYPE ops_total counter",
        'ops_total{backend="s3",status="completed"} 1',
        'ops_total{backend="s3",status="failed"} 2',
    ]


def test_a_counter_as_openmetrics() -> None:
    """Metadata under the name without the suffix; each value is followed by when it began."""
    rows = Rows(['backend="s3"'], [[1], [2]])
    assert text_of(COUNTER, rows, openmetrics=True).splitlines() == [
        "# TYPE ops counter",
        "# HELP ops Operations.",
        'ops_total{backend="s3",status="completed"} 1',
        'ops_created{backend="s3",status="completed"} 1.5',
        'ops_total{backend="s3",status="failed"} 2',
        'ops_created{backend="s3",status="failed"} 1.5',
        "# EOF",
    ]


def test_a_histogram_as_text() -> None:
    """Buckets, then their count, then the sum."""
    rows = Rows(['backend="s3"'], [[1], [2], [4], [7.25]])
    assert text_of(HISTOGRAM, rows, openmetrics=False).splitlines()[2:] == [
        'took_seconds_bucket{backend="s3",le="0.5"} 1',
        'took_seconds_bucket{backend="s3",le="1.0"} 2',
        'took_seconds_bucket{backend="s3",le="+Inf"} 4',
        'took_seconds_count{backend="s3"} 4',
        'took_seconds_sum{backend="s3"} 7.25',
    ]


def test_a_histogram_as_openmetrics() -> None:
    """With its unit, exemplars behind the buckets, and when it began; the count shows no exemplar."""
    rows = Rows(['backend="s3"'], [[1], ['2 # {id="a"} 0.7 3.000'], ['4 # {id="b"} 5.0 3.000'], [7.25]])
    text = text_of(HISTOGRAM, rows, openmetrics=True)
    assert text.splitlines()[:3] == [
        "# TYPE took_seconds histogram",
        "# UNIT took_seconds seconds",
        "# HELP took_seconds Durations.",
    ]
    found = families(text.encode(), openmetrics=True)["took_seconds"]
    assert [(each.name.removeprefix("took_seconds"), each.value) for each in found.samples] == [
        ("_bucket", 1.0),
        ("_bucket", 2.0),
        ("_bucket", 4.0),
        ("_count", 4.0),
        ("_sum", 7.25),
        ("_created", 1.5),
    ]
    assert [each.exemplar and each.exemplar.labels["id"] for each in found.samples[:3]] == [None, "a", "b"]


@pytest.mark.parametrize(
    ("family", "openmetrics", "lines"),
    [
        (Family("a", "unknown", "H."), False, ["# HELP a H.", "# TYPE a untyped", "a 1"]),
        (Family("a", "unknown", "H."), True, ["# TYPE a unknown", "# HELP a H.", "a 1", "# EOF"]),
        (Family("a", "info", "H."), False, ["# HELP a_info H.", "# TYPE a_info gauge", "a_info 1"]),
        (Family("a", "info", "H."), True, ["# TYPE a info", "# HELP a H.", "a_info 1", "# EOF"]),
        (Family("a", "gauge", "H."), False, ["# HELP a H.", "# TYPE a gauge", "a 1"]),
    ],
)
def test_each_type_has_its_word_in_each_format(family: Family, openmetrics: bool, lines: list[str]) -> None:
    """A family without labels has no braces."""
    assert text_of(family, Rows((), [[1]]), openmetrics).splitlines() == lines


@pytest.mark.parametrize("columns", [[], [[]]])
def test_a_family_without_rows_says_nothing(columns: list[list[int]]) -> None:
    """Not even that there is one."""
    assert text_of(COUNTER, Rows([], columns), openmetrics=False) == ""


def test_many_rows_come_block_by_block_and_each_once() -> None:
    """None of them is longer than what one formatting should make."""
    count = 3 * BLOCK
    labels = [f'backend="{number}"' for number in range(count)]
    rows = Rows(labels, [list(range(count)), [7] * count])
    blocks = list(family_text(COUNTER, rows, False, 1.5))
    assert len(blocks) > 3
    assert max(block.count("\n") for block in blocks) <= BLOCK
    told = samples(families("".join(blocks).encode(), openmetrics=False))
    assert len(told) == 2 * count
    assert all(
        told["ops_total", (("backend", f"{number}"), ("status", "completed"))] == number for number in range(count)
    )


def test_texts_are_gathered_to_pieces() -> None:
    """So that a scrape is not sent line by line, nor held in memory whole."""
    pieces = list(encoded(["x" * 1000] * 200, compress=False))
    assert b"".join(pieces) == b"x" * 200_000
    assert all(PIECE <= len(piece) < PIECE + 1000 for piece in pieces[:-1])


def test_compressed_pieces_are_one_gzip_stream() -> None:
    """Whatever its pieces are."""
    texts = [f"{number} ÿ\n" for number in range(50_000)]
    pieces = list(encoded(texts, compress=True))
    assert gzip.decompress(b"".join(pieces)) == "".join(texts).encode()
    assert all(pieces)


def test_nothing_is_nothing() -> None:
    """No piece where there is no text."""
    assert list(encoded([], compress=False)) == []
