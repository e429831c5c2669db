"""What a part hands on to later hours."""

from __future__ import annotations

import pytest
from hypothesis import given

from telemetryd.model.errors import CorruptFile
from telemetryd.model.events import CODE_OF_STATE, IN_FLIGHT_STATUSES
from telemetryd.model.series import SeriesKey
from telemetryd.rollup.carry import Carry, carry_of
from telemetryd.rollup.columns import EventColumns

from . import brute_force, samples
from .samples import Row, columns, health


@given(samples.rows)
def test_the_net_is_the_sum_of_all_moves(rows: list[Row]) -> None:
    """Per series, what all moves add up to in each state; series that stand as they stood are left out."""
    expected: dict[SeriesKey, list[int]] = {}
    for row in rows:
        for state, step in brute_force.moves(row).items():
            net = expected.setdefault(SeriesKey(*brute_force.series(row)), [0, 0, 0])
            net[IN_FLIGHT_STATUSES.index(state)] += step
    assert carry_of(columns(rows)).net == {key: tuple(net) for key, net in expected.items() if any(net)}


@given(samples.rows)
def test_the_health_is_that_of_the_last_change(rows: list[Row]) -> None:
    """The newest change counts, and among equal timestamps the one that came last."""
    expected: dict[str, Row] = {}
    for row in rows:
        if row.event == 2 and (row.backend not in expected or row.at >= expected[row.backend].at):
            expected[row.backend] = row
    told = {backend: (row.at, CODE_OF_STATE[row.status]) for backend, row in expected.items()}
    assert carry_of(columns(rows)).health == told


@given(samples.rows)
def test_a_carry_comes_back_from_its_json(rows: list[Row]) -> None:
    """What is written is what is read, timestamps to the microsecond."""
    carry = carry_of(columns([*rows, health(1_700_000_000.123457, "offline")]))
    assert Carry.decode(carry.encode()) == carry


def test_nothing_carries_nothing() -> None:
    """A part without moves and health hands on nothing."""
    assert carry_of(EventColumns.empty()) == Carry({}, {}) == Carry.decode(Carry({}, {}).encode())


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b'{"net": []}', b'{"net": [["add", "ipfs", 1, 2]], "health": {}}', b"\xff\xfe", b'"\xff"'],
)
def test_what_is_no_carry_is_a_corrupt_file(data: bytes) -> None:
    """Bytes that are no carry are refused, never half taken."""
    with pytest.raises(CorruptFile, match="carry"):
        Carry.decode(data)
