"""When a backend was not online, against the history that the samples were made of."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from telemetryd.query.outages import Outage
from telemetryd.reports.outages import BackendHealth, healths
from telemetryd.reports.questions import Questions
from tests.oracle.events import health

from .conftest import HOUR, START, EngineOf

VALUES = {"online": 1.0, "degraded": 0.5, "offline": 0.0}


@dataclass
class Hour:
    """Asks for an hour of health, in samples of a minute."""

    engine_of: EngineOf

    async def of(self, *changes: tuple[float, str], now: float = START + HOUR) -> BackendHealth:
        """Return what is found of a backend that is online from before the hour on."""
        events = [health("ipfs", "online", START - 100.0), *(health("ipfs", word, START + at) for at, word in changes)]
        asked = Questions.about(START, START + HOUR, 60)
        (found,) = healths(await self.engine_of(events, now).metrics(asked.health(1)))
        return found


@pytest.fixture
def hour(engine_of: EngineOf) -> Hour:
    return Hour(engine_of)


def told(found: BackendHealth) -> list[tuple[float, float]]:
    """Return the stretches, in s from the hour on."""
    return [(round(each.start - START, 3), round(each.end - START, 3)) for each in found.stretches]


async def test_one_that_is_always_online(hour: Hour) -> None:
    """It has no stretch, and all of the time is known."""
    found = await hour.of()
    assert (found.stretches, found.lasts) == ((), None)
    assert (found.online, found.known) == (HOUR, HOUR)


async def test_a_change_that_is_alone_in_its_interval_is_told_to_the_second(hour: Hour) -> None:
    """The mean says when it was."""
    found = await hour.of((100.25, "degraded"), (200.5, "offline"), (330.75, "online"))
    assert told(found) == [(100.25, 330.75)]
    (stretch,) = found.stretches
    assert (stretch.degraded, stretch.offline) == (pytest.approx(100.25), pytest.approx(130.25))
    assert (found.degraded, found.offline) == (stretch.degraded, stretch.offline)


async def test_there_and_back_inside_an_interval_keeps_its_length(hour: Hour) -> None:
    """Where it was inside is not known: it is told in the middle."""
    found = await hour.of((61.0, "offline"), (71.0, "online"))
    assert told(found) == [(85.0, 95.0)]
    assert found.offline == pytest.approx(10.0)


async def test_up_and_down_again_inside_an_interval_parts_two_stretches(hour: Hour) -> None:
    """It was online between them for as long."""
    found = await hour.of((30.0, "offline"), (61.0, "online"), (71.0, "offline"), (150.0, "online"))
    assert told(found) == [(30.0, 85.0), (95.0, 150.0)]
    assert found.online == pytest.approx(HOUR - 110)


async def test_three_values_in_an_interval_are_the_worst_and_the_best(hour: Hour) -> None:
    """No more is known of them; the stretch is still one."""
    found = await hour.of((70.0, "offline"), (90.0, "degraded"), (130.0, "online"))
    assert len(found.stretches) == 1
    assert found.known == pytest.approx(HOUR)
    assert 20 <= found.offline <= 60


async def test_what_lasts_at_the_end_is_said(hour: Hour) -> None:
    """Of the range, or of what is known of it: until now."""
    found = await hour.of((3000.0, "offline"))
    assert (told(found), found.lasts) == ([(3000.0, 3600.0)], 0.0)
    found = await hour.of((3000.0, "degraded"), now=START + 3100)
    assert (told(found), found.lasts) == ([(3000.0, 3100.0)], 0.5)


async def test_it_may_have_begun_before(hour: Hour) -> None:
    """A stretch begins with the range then."""
    found = await hour.of((-50.0, "offline"), (120.0, "online"))
    assert told(found) == [(0.0, 120.0)]


async def test_unknown_health_is_neither(hour: Hour) -> None:
    """It ends a stretch, and counts for nothing."""
    found = await hour.of((600.0, "offline"), (1200.0, "unknown"), (1800.0, "offline"), (2400.0, "online"))
    assert told(found) == [(600.0, 1200.0), (1800.0, 2400.0)]
    assert found.known == pytest.approx(HOUR - 600)


async def test_no_backend_is_known(engine_of: EngineOf) -> None:
    """There is nothing to tell then."""
    asked = Questions.about(START, START + HOUR, 60)
    assert healths(await engine_of([]).metrics(asked.health(1))) == ()


# One change in each of some minutes: then nothing is lost in the samples.
changes = st.dictionaries(st.integers(0, 59), st.tuples(st.floats(1, 59), st.sampled_from(sorted(VALUES))), max_size=12)


@given(changes)
@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
async def test_stretches_are_those_of_the_history(hour: Hour, drawn: dict[int, tuple[float, str]]) -> None:
    """Where no interval has two changes, every stretch is found, its bounds and its seconds to a millisecond."""
    timed = sorted((minute * 60 + at, word) for minute, (at, word) in drawn.items())
    found = await hour.of(*timed)
    expected = _stretches(timed)
    assert len(found.stretches) == len(expected)
    for one, other in zip(found.stretches, expected, strict=True):
        for name in ("start", "end", "offline", "degraded"):
            assert getattr(one, name) == pytest.approx(getattr(other, name), abs=2e-3)
    assert found.known == pytest.approx(HOUR)


def _stretches(timed: list[tuple[float, str]]) -> list[Outage]:
    """Return the stretches by walking through the changes."""
    edges = [(0.0, "online"), *timed, (float(HOUR), "online")]
    found: list[Outage] = []
    for (at, word), (until, _) in itertools.pairwise(edges):
        if word == "online":
            continue
        lengths = {name: until - at if word == name else 0.0 for name in ("offline", "degraded")}
        if found and found[-1].end == START + at:
            last = found.pop()
            lengths = {name: lengths[name] + getattr(last, name) for name in lengths}
            at = last.start - START
        found.append(Outage(START + at, START + until, **lengths))
    return found
