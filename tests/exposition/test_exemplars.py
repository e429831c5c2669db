"""Exemplars name one operation for each series and bucket."""

from __future__ import annotations

import pytest

from telemetryd.exposition.exemplars import LONGEST, MOST, Exemplar
from telemetryd.exposition.totals import BOUNDS
from tests.ingest.intake import HOUR

from .counting import Counting, life


def shown(counting: Counting) -> dict[float, str]:
    """Return the ids of a series' exemplars by the bounds of their buckets."""
    found = counting.totals.counted().exemplars
    number = counting.number()
    return {BOUNDS[bucket]: each.operation_id for (series, bucket), each in found.items() if series == number}


def test_the_last_operation_of_a_bucket_is_its_exemplar() -> None:
    """Each bucket has its own, and one without keeps none."""
    counting = Counting()
    counting.tell(*life("first", 0.4), *life("second", 0.45), *life("slow", 9.0))
    counting.count()
    assert shown(counting) == {0.5: "second", 10.0: "slow"}
    counting.tell(*life("third", 0.3))
    counting.ledger.freeze(detailed=True)
    assert shown(counting) == {0.5: "third", 10.0: "slow"}


def test_an_exemplar_tells_the_latency_and_when_the_operation_ended() -> None:
    """By its own timestamp."""
    counting = Counting()
    counting.tell(*life("a", 0.5))
    counting.count()
    assert [*counting.totals.counted().exemplars.values()] == [Exemplar("a", 0.5, HOUR + 0.5)]


def test_ids_are_found_behind_any_number_of_rows() -> None:
    """Those that the head has converted already, and those that it has not."""
    counting = Counting()
    for number in range(3):
        counting.tell(*(event for at in range(6000) for event in life(f"{number}-{at}", 0.2)))
        counting.ledger.head.columns()
        counting.tell(*life(f"slow-{number}", 9.0))
        counting.count()
        assert shown(counting) == {0.25: f"{number}-5999", 10.0: f"slow-{number}"}


def test_of_too_many_those_of_the_slowest_are_taken() -> None:
    """What a look costs has a bound; the others get theirs at a later one."""
    counting = Counting()
    types = [f"type-{number}" for number in range(MOST)]
    counting.tell(*(event for name in types for event in life(f"fast-{name}", 0.3, operation_type=name)))
    counting.tell(*life("slow", 9.0))
    counting.count()
    found = counting.totals.counted().exemplars
    assert len(found) == MOST
    assert "slow" in {each.operation_id for each in found.values()}


def test_an_id_that_openmetrics_would_refuse_is_no_exemplar() -> None:
    """Label names and values may have 128 characters together."""
    counting = Counting()
    counting.tell(*life("x" * LONGEST, 0.3), *life("y" * (LONGEST + 1), 9.0))
    counting.count()
    assert shown(counting) == {0.5: "x" * LONGEST}


@pytest.mark.parametrize("operation_id", ['a"b', "a\\b", "a\nb", "a\0b"])
def test_an_id_that_would_have_to_be_escaped_is_no_exemplar(operation_id: str) -> None:
    """Some readers show the escapes, and some would refuse the whole scrape."""
    counting = Counting()
    counting.tell(*life(operation_id, 9.0))
    counting.count()
    assert shown(counting) == {}


def test_an_exemplar_as_text() -> None:
    """It follows the value of its bucket."""
    assert str(Exemplar("a b", 0.25, 7.0)) == ' # {operation_id="a b"} 0.25 7.000'
