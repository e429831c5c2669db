"""Every call that can go wrong, and what has to be true while the disk fails and when it is well again."""

from __future__ import annotations

import errno
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tests.disk.disk import CrashDisk
from tests.disk.faults import Fault, Faults

from .crashes import EFFORT, SEED, Scenario, settle
from .world import World

# A call alone, and a spell of bad calls; what the producers give up after is longer.
SPELLS = (1, 1, 3)
ERRORS = {
    "create": (errno.ENOSPC, errno.EIO, errno.EMFILE),
    "write": (errno.ENOSPC, errno.EIO, errno.EINTR),
    "sync": (errno.EIO, errno.ENOSPC, errno.EINTR),
    "add_folder": (errno.ENOSPC, errno.EIO, errno.EINTR),
}
ANY = (errno.EIO, errno.EINTR, errno.ENOSPC)
# What passes, unlike a file that cannot be read: that one is set aside.
PASSING = (errno.EINTR, errno.EMFILE, errno.ENOMEM)


@dataclass(slots=True)
class Injected:
    """How much was tried: ``faults`` put into scenarios, and how many ``raised``, by verb."""

    faults: int = 0
    raised: dict[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.faults} faults: {', '.join(f'{count} {verb}' for verb, count in sorted(self.raised.items()))}"


async def fail_everywhere(scenario: Scenario, looks: Sequence[str] = ()) -> Injected:
    """Run a scenario once for each of its calls, which fails; with ``looks`` reads fail, and not changes."""
    counted = Faults()
    verbs = await _verbs(scenario, counted)
    injected = Injected()
    plans = list(_looks(counted, looks) if looks else _changes(verbs))
    for number, fault in enumerate(_some(plans)):
        faults = Faults(fault, seed=number)
        await _outlive(scenario, faults, f"{fault}, seed {number}")
        injected.faults += 1
        for verb in faults.raised:
            injected.raised[verb] = injected.raised.get(verb, 0) + 1
    return injected


def _some(plans: list[tuple[str, Fault]]) -> Iterator[Fault]:
    """Yield not many more faults than the suite has time for, spread over all of a scenario, and one of each verb at least."""
    step = -(-len(plans) // (32 * EFFORT)) or 1
    met: Counter[str] = Counter()
    for verb, fault in plans:
        if met[verb] % step == 0:
            yield fault
        met[verb] += 1


def _changes(verbs: list[tuple[int, str]]) -> Iterator[tuple[str, Fault]]:
    for call, verb in verbs:
        errors = ERRORS.get(verb, ANY)
        for chosen in range(call, call + min(EFFORT, len(errors))):
            yield verb, Fault("", call + 1, errors[chosen % len(errors)], SPELLS[chosen // len(errors) % len(SPELLS)])


def _looks(counted: Faults, looks: Sequence[str]) -> Iterator[tuple[str, Fault]]:
    for verb in looks:
        for nth in range(1, counted.counts[verb] + 1):
            yield verb, Fault(verb, nth, PASSING[nth % len(PASSING)])


async def _verbs(scenario: Scenario, faults: Faults) -> list[tuple[int, str]]:
    """Return the calls of a scenario from where it says so: their numbers and verbs."""
    disk = CrashDisk(faults=faults)
    world = World(disk)
    verbs: list[tuple[int, str]] = []
    await world.start()
    await scenario(world, lambda: setattr(disk, "watch", lambda call, verb: verbs.append((call, verb))))
    await world.end()
    return verbs


async def _outlive(scenario: Scenario, faults: Faults, words: str) -> None:
    """Go through a scenario on a disk that fails; then it is well, and then it loses its power."""
    disk = CrashDisk(faults=faults)
    world = World(disk)
    try:
        await world.start()
        await scenario(world, lambda: None)
        await world.verify()
        faults.clear()
        await settle(world)
        await world.keep_house("turn")
        assert (world.intake.recorder.problem, world.intake.upkeep.problem) == ("", "")
        assert disk.mistrusted == [], "a file was used again whose sync had failed"
        await world.end()
        left = [disk.platter.least_after_crash()]
        left += [disk.platter.after_crash(random.Random(f"{SEED} {words} {number}")) for number in range(EFFORT - 1)]
        for platter in left:
            after = World(CrashDisk(platter), world.promises.copy(), world.clock)
            after.intake.settings = world.intake.settings
            await after.start()
            assert await after.verify() == world.promises.sent
            await after.end()
    except Exception as error:
        error.add_note(f"with {words}")
        raise
