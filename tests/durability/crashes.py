"""Every call at which a machine can crash, what its disk may hold then, and what has to be true afterwards."""

from __future__ import annotations

import os
import random
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TypeAlias

from telemetryd.model.settings import Settings
from tests.disk.disk import CrashDisk
from tests.disk.platter import Platter
from tests.ingest.intake import Clock

from .world import Promises, World

# How many times as much is explored as in the test suite, and from which seed.
EFFORT = int(os.environ.get("DURABILITY_EFFORT", "1"))
SEED = os.environ.get("DURABILITY_SEED", "0")
# In the suite a crash that is followed by another, and by the rest of a day, comes at every so many calls.
STRIDE = 4 if EFFORT == 1 else 1
STATES = 3 * EFFORT

Scenario: TypeAlias = Callable[[World, Callable[[], None]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Point:
    """An instant before a call: what the disk is like, and what has been promised by then."""

    call: int
    verb: str
    platter: Platter
    promises: Promises
    settings: Settings
    now: float

    def world(self, disk: CrashDisk) -> World:
        """Return who goes on from here on a disk."""
        world = World(disk, self.promises.copy(), Clock())
        world.clock.now, world.intake.settings = self.now, self.settings
        return world


@dataclass(slots=True)
class Explored:
    """How much was tried: ``points`` to crash at, ``states`` of the disk after that, and how many of these differ."""

    points: int = 0
    states: int = 0
    seen: set[int] = field(default_factory=set)

    def __str__(self) -> str:
        return f"{self.points} crash points, {self.states} disk states, {len(self.seen)} of them different"

    def is_new(self, platter: Platter, promises: Promises) -> bool:
        """Count a state; return whether it is one that was not there before."""
        self.states += 1
        names, kept = frozenset(platter.listing().items()), frozenset(promises.kept.items())
        in_cache = [(number, each) for number, each in platter.files.items() if not each.settled]
        key = hash((names, kept, len(promises.sent), repr((platter.pending, in_cache))))
        fresh = key not in self.seen
        self.seen.add(key)
        return fresh


async def points_of(scenario: Scenario) -> list[Point]:
    """Run a scenario once, and return every call from where it says so, and the instant after the last."""
    disk = CrashDisk()
    world = World(disk)
    await world.start()
    points: list[Point] = []
    await scenario(world, lambda: _watch(world, disk, points))
    _note(points, world, disk, disk.calls, "end")
    disk.watch = lambda call, verb: None
    await world.end()
    return points


async def crash_everywhere(scenario: Scenario, states: int = STATES) -> Explored:
    """Crash at every call of a scenario, into so many states, and check; at some go on, and crash again meanwhile."""
    explored = Explored()
    for index, point in enumerate(await points_of(scenario)):
        explored.points += 1
        for again, platter, words in _outcomes(point, f"{SEED} {scenario.__name__}", states, again=index % STRIDE == 0):
            if explored.is_new(platter, point.promises):
                await _survive(point, platter, explored, words, again=again)
    return explored


async def crash_into_every_state(scenario: Scenario, at_most: int) -> Explored:
    """Crash at every call into every state that the disk may be left in, where these are not too many."""
    explored = Explored()
    for point in await points_of(scenario):
        explored.points += 1
        for number, platter in enumerate(islice(point.platter.all_after_crash(), at_most)):
            if explored.is_new(platter, point.promises):
                words = f"power lost at call {point.call}, {point.verb}, state {number}"
                await _survive(point, platter, explored, words, again=False)
    return explored


async def crash_in_the_start_after_a_kill(scenario: Scenario, wanted: Callable[[Point], bool]) -> Explored:
    """Kill the process at some calls of a scenario; the power goes at every call of the start after it, and then."""
    explored = Explored()
    for point in filter(wanted, await points_of(scenario)):
        explored.points += 1
        disk = CrashDisk(point.platter)
        world = point.world(disk)
        later: list[Point] = []
        _watch(world, disk, later)
        await world.start()
        _note(later, world, disk, disk.calls, "started")
        disk.watch = lambda call, verb: None
        await world.end()
        for each in later:
            for platter in (each.platter.least_after_crash(), each.platter.worst_after_crash()):
                if explored.is_new(platter, each.promises):
                    words = (
                        f"a kill at call {point.call}, {point.verb}, and power lost at call {each.call}, {each.verb}"
                    )
                    await _survive(each, platter, explored, words, again=False)
    return explored


def _outcomes(point: Point, seed: str, states: int, *, again: bool) -> Iterator[tuple[bool, Platter, str]]:
    """Yield whether a second crash is worth while, what a crash at a point may leave, and words for it."""
    words = f"at call {point.call}, {point.verb}"
    if again:
        yield True, point.platter, f"the process killed {words}"
    for number in range(states):
        if number == 0:
            yield again, point.platter.least_after_crash(), f"power lost {words}, with all that was not sure"
            continue
        told = f"{seed} {point.call} {number}"
        yield False, point.platter.after_crash(random.Random(told)), f"power lost {words}, seed {told!r}"


async def _survive(point: Point, platter: Platter, explored: Explored, words: str, *, again: bool) -> None:
    """Start on what a crash left and check all; ``again``: settle with the producers, check, and crash meanwhile."""
    disk = CrashDisk(platter)
    world = point.world(disk)
    second: list[Point] = []
    if again:
        _watch(world, disk, second)
    try:
        await world.start()
        await world.verify()
        if again:
            _note(second, world, disk, disk.calls, "started")
            await settle(world)
    except Exception as error:
        error.add_note(f"after {words}")
        raise
    finally:
        disk.watch = lambda call, verb: None
        await world.end()
    chosen = random.Random(words)
    for later in chosen.sample(second, min(len(second), 1 + EFFORT)):
        explored.points += 1
        for _, left, told in _outcomes(later, words, EFFORT, again=False):
            if explored.is_new(left, later.promises):
                await _survive(later, left, explored, f"{words}; then {told}", again=False)


async def settle(world: World) -> None:
    """Let every producer send what is not stored, and once more what is; seal and compact; all is there once."""
    for producer in world.promises.producers:
        await world.resend(producer)
    for batch in world.promises.sent:
        assert (await world.submit([batch]))[-1] == ("ack", batch.number)
    assert await world.verify() == world.promises.sent
    await world.tidy()
    assert await world.verify() == world.promises.sent


def _watch(world: World, disk: CrashDisk, points: list[Point]) -> None:
    disk.watch = lambda call, verb: _note(points, world, disk, call, verb)


def _note(points: list[Point], world: World, disk: CrashDisk, call: int, verb: str) -> None:
    points.append(
        Point(call, verb, disk.platter, world.promises.copy(), replace(world.intake.settings), world.clock.now)
    )
