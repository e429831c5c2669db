"""What a daemon does, a thing at a time: each is brought about, and watched from where it says so."""

from __future__ import annotations

from collections.abc import Callable

from telemetryd.model.timerange import DAY
from telemetryd.storage.files import write_whole
from tests.disk.disk import CrashDisk
from tests.disk.faults import Fault
from tests.ingest.intake import HOUR, change

from .world import World

Watch = Callable[[], None]


async def accept(world: World, watch: Watch) -> None:
    """Batches are appended to the journal, those that come in together by one write and one sync, others on their own."""
    watch()
    await world.send(("p", world.events("p", 2)))
    await world.send(("p", world.events("p", 9)), ("q", world.events("q", 9)), ("r", world.events("r", 3)))
    first, second = world.events("p", 12), world.events("p", 1, ahead=1)
    await world.send(("p", first), ("p", second), ("q", world.events("q", 1, open_one=True)))
    await world.send(("q", [change("q-2-0", "completed", world.clock.now), *world.events("q")]))
    await world.stream("s", 4)


async def rotate(world: World, watch: Watch) -> None:
    """The head is frozen and a new segment begins, twice, and once with nothing in the head."""
    await world.send(("p", world.events("p", 2, open_one=True)))
    watch()
    await world.rotate()
    await world.send(("p", [change("p-1-1", "failed", world.clock.now), *world.events("p")]))
    await world.rotate()
    await world.rotate()
    await world.send(("q", world.events("q")))


async def seal(world: World, watch: Watch) -> None:
    """Heads of several hours become parts, and their segments go."""
    await world.send(("p", world.events("p", 2, HOUR - 3000)), ("q", world.events("q", 1, HOUR - 7000)))
    await world.rotate()
    await world.send(("p", world.events("p", 2)))
    await world.rotate()
    await world.send(("q", world.events("q", 1, open_one=True)))
    watch()
    await world.keep_house("seal")
    await world.send(("q", world.events("q")))


async def compact(world: World, watch: Watch) -> None:
    """The parts of finished hours become one, and one again when late events come."""
    for _ in range(2):
        await world.send(("p", world.events("p", 2)), ("q", world.events("q", 1, HOUR - 3000)))
        await world.rotate()
        await world.keep_house("seal")
    world.clock.now = HOUR + 2 * 3600.0
    watch()
    await world.keep_house("compact")
    await world.send(("q", world.events("q", 1, HOUR + 1000.0)))
    await world.tidy()
    await world.send(("p", world.events("p")))


async def compact_brief(world: World, watch: Watch) -> None:
    """Likewise where rows are not kept: their rollups are, and the rows that are kept beside them."""
    for detailed in (True, False, False):
        world.intake.set("telemetry", enable_detailed_timing=detailed)
        await world.send(("p", world.events("p", 2)), ("q", world.events("q", 1, HOUR - 3000)))
        await world.rotate()
        await world.keep_house("seal")
    world.clock.now = HOUR + 2 * 3600.0
    watch()
    await world.keep_house("compact")
    await world.send(("q", world.events("q", 1, HOUR + 1000.0)))
    await world.tidy()


async def summarise(world: World, watch: Watch) -> None:
    """A day that is over gets its file, and another one when a late event has come."""
    await world.send(("p", world.events("p", 2, open_one=True)), ("q", world.events("q", 1, HOUR - 3000)))
    world.clock.now = HOUR + 4 * 3600.0
    await world.rotate()
    await world.keep_house("seal", "compact")
    watch()
    await world.keep_house("summarise")
    await world.send(("q", world.events("q", 1, HOUR + 1000.0)))
    await world.tidy()
    await world.send(("p", world.events("p")))
    await world.keep_house("turn")


async def checkpoint(world: World, watch: Watch) -> None:
    """Clean stops and starts, with operations in flight and nothing in the head: state is in the checkpoint alone."""
    await world.send(("p", world.events("p", 2, open_one=True)), ("q", world.events("q")))
    watch()
    await world.stop()
    await world.start()
    await world.send(("p", [change("p-1-1", "completed", world.clock.now), *world.events("p", 1, open_one=True)]))
    await world.stop()
    await world.start()
    await world.stop()
    await world.start()
    await world.keep_house("seal")
    # The next segment takes the place of the only one there is, which has no rows.
    world.intake.set("telemetry", enable_detailed_timing=False)
    await world.send(("q", world.events("q")))


async def retain(world: World, watch: Watch) -> None:
    """Hours that are older than the retention go, and the others stay."""
    world.intake.set("telemetry", retention_days=2)
    await world.send(("p", world.events("p", 2, HOUR - 2 * DAY + 3601.0)), ("q", world.events("q", 1, HOUR - DAY)))
    await world.send(("p", world.events("p", 1, HOUR - 2 * DAY + 7201.0)), ("q", world.events("q", 1, HOUR - 3000.0)))
    await world.tidy()
    world.promises.retired = frozenset([("p", 1), ("p", 2), ("q", 1)])
    await world.send(("p", world.events("p")))
    # One second more, and the hour before this one would go.
    world.clock.now = HOUR + 2 * DAY - 1.0
    watch()
    await world.keep_house("retain")
    await world.send(("q", world.events("q", 1, HOUR + 2000.0)))


async def replay_long(world: World, watch: Watch) -> None:
    """A start finds a journal longer than memory, and seals what is oldest while it replays the rest."""
    for number in range(3):
        await world.send(
            ("p", world.events("p", 8, open_one=number == 0)), ("q", world.events("q", 4, HOUR - 3600.0 * number))
        )
        await world.rotate()
    await world.send(("p", [change("p-1-7", "completed", world.clock.now), *world.events("p")]))
    await world.end()
    # More than two of these segments may not wait.
    world.intake.set("storage", head_rows=20)
    watch()
    await world.start()
    # As the upkeep does, turn after turn: what could not be sealed on the way keeps everybody waiting.
    await world.keep_house("seal", "seal", "seal")
    await world.send(("q", world.events("q")))


async def replay_damaged(world: World, watch: Watch) -> None:
    """Likewise where segments have bytes that are none of ours: these are kept, in quarantine, and not removed."""
    for _ in range(3):
        await world.send(("p", world.events("p", 12)))
        await world.rotate()
    await world.send(("q", world.events("q")))
    await world.end()
    folder = world.intake.folder
    for name in world.disk.names(folder.journal)[:-1]:
        path = f"{folder.journal}/{name}"
        write_whole(world.disk, path, world.disk.read(path) + b"none of ours")
    world.promises.damaged = True
    world.intake.set("storage", head_rows=20)
    watch()
    await world.start()
    await world.keep_house("seal", "seal", "seal")
    await world.send(("q", world.events("q")))


async def seal_given_up(world: World, watch: Watch) -> None:
    """A segment with the bytes of a batch that was refused goes, and then the empty one that proves where it ends."""
    faults = world.disk.faults  # type: ignore[attr-defined]
    await world.send(("p", world.events("p", 2)))
    faults.plan.append(Fault("sync", faults.counts["sync"] + 1))
    refused = world.promises.next("p", world.events("p", 2))
    assert await world.submit([refused]) == [("nack", 2)]
    await world.rotate()
    await world.end()
    await world.start()
    await world.resend("p")
    watch()
    await world.keep_house("seal")
    await world.send(("q", world.events("q")))


async def accept_little(world: World, watch: Watch) -> None:
    """Few small batches, so that every state of the disk can be looked at."""
    watch()
    await world.send(("p", world.events("p", 3)), ("p", world.events("p", 3, ahead=1)), ("q", world.events("q", 2)))
    await world.send(("q", world.events("q")), ("p", world.events("p")))


async def first_start(world: World, watch: Watch) -> None:
    """Everything is made: a folder, and the folders in it, the journal, and the first parts."""
    await world.end()
    world.disk.platter = CrashDisk().platter  # type: ignore[attr-defined]
    watch()
    await world.start()
    await world.send(("p", world.events("p")))
    await world.tidy()
