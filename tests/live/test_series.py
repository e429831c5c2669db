"""Names get codes, and the tables of them have a bound."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from telemetryd.live.series import SeriesTable, Words
from telemetryd.model.series import SeriesKey

names = st.text("abcdefgh", min_size=1, max_size=2)


def test_words_get_codes_in_order_of_first_sight() -> None:
    """Code 0 is the empty name; a known name keeps its code."""
    words = Words(10)
    assert [words.code(name) for name in ("x", "y", "x", "")] == [1, 2, 1, 0]
    assert words.names == ["", "x", "y"]
    assert "x" in words and "z" not in words


def test_words_beyond_the_limit_are_other() -> None:
    """Known names keep their codes; all new ones share one."""
    words = Words(2)
    assert words.code("x") == 1
    assert words.full
    assert words.code("y") == words.code("z") == words.code("other") == 2
    assert words.code("x") == 1
    assert words.names == ["", "x", "other"]


def test_a_name_that_must_stay_is_added_beyond_the_limit() -> None:
    """Whoever adds has asked for room before."""
    words = Words(1)
    assert words.add("x") == 1
    assert words.add("x") == 1
    assert len(words) == 2


def test_the_first_series_is_the_unknown_one() -> None:
    """It is there before anything was seen."""
    series = SeriesTable(10, 10)
    assert series.keys == [SeriesKey("unknown", "unknown")]
    assert series.number("unknown", "unknown") == SeriesTable.UNKNOWN


def test_a_pair_keeps_its_number_and_its_codes() -> None:
    """All columns have one row for each series."""
    series = SeriesTable(10, 10)
    assert [series.number(*pair) for pair in (("add", "s3"), ("get", "s3"), ("add", "s3"))] == [1, 2, 1]
    assert [series.operation_types.names[code] for code in series.type_code] == ["unknown", "add", "get"]
    assert [series.backends.names[code] for code in series.backend_code] == ["unknown", "s3", "s3"]
    assert series.in_flight == [[0, 0, 0]] * 3
    assert series.folded == 0


def test_a_new_type_beyond_the_limit_is_other_on_its_backend() -> None:
    """It is counted each time; pairs that are known stay themselves."""
    series = SeriesTable(max_series=2, max_backends=5)
    series.number("add", "s3")
    assert series.keys[series.number("get", "s3")] == SeriesKey("other", "s3")
    assert series.keys[series.number("pin", "ipfs")] == SeriesKey("other", "ipfs")
    assert series.keys[series.number("add", "s3")] == SeriesKey("add", "s3")
    assert series.folded == 2


def test_a_new_backend_beyond_the_limit_is_other() -> None:
    """Its type may still be its own."""
    series = SeriesTable(max_series=10, max_backends=1)
    series.number("add", "s3")
    assert series.keys[series.number("add", "ipfs")] == SeriesKey("add", "other")
    assert series.keys[series.number("add", "more")] == SeriesKey("add", "other")


@settings(deadline=None)
@given(st.lists(st.tuples(names, names)), st.integers(1, 6), st.integers(1, 4))
def test_there_are_never_more_series_than_promised(pairs: list[tuple[str, str]], limit: int, backends: int) -> None:
    """Whatever is invented, the table stays within its bound, and codes name what the keys name."""
    series = SeriesTable(limit, backends)
    for pair in pairs:
        number = series.number(*pair)
        assert series.keys[number] == pair or "other" in series.keys[number]
    assert len(series) <= limit + backends + 2
    assert len(series.backends) <= backends + 3
    named = zip(series.type_code, series.backend_code, strict=True)
    assert series.keys == [(series.operation_types.names[code], series.backends.names[at]) for code, at in named]


def test_the_first_sight_of_a_series_is_its_earliest_timestamp() -> None:
    """In whatever order they come."""
    series = SeriesTable(10, 10)
    number = series.number("add", "s3")
    for timestamp in (5.0, 3.0, 4.0):
        series.saw(number, timestamp)
    assert series.first_seen == [float("inf"), 3.0]


def test_series_of_a_checkpoint_come_back_with_their_numbers() -> None:
    """Also where the limits are lower by now."""
    series = SeriesTable(max_series=1, max_backends=1)
    series.restore([("unknown", "unknown", float("inf")), ("add", "s3", 3.0), ("get", "ipfs", 4.0)])
    assert [series.number("add", "s3"), series.number("get", "ipfs")] == [1, 2]
    assert series.first_seen[1:] == [3.0, 4.0]
