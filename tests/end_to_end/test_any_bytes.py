"""Any bytes whatever in a store: the daemon starts, sets the bad aside, and answers right from the rest.

A small store with a file of every kind is damaged in one place; a daemon is started on it and
asked everything. What it may say is what it says of the undamaged store, or of one that never
had the damaged file or record; and where it says less, it says why. TELEMETRYD_EVERY_BYTE=1
tries every byte and every length, which takes an hour or two.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Coroutine
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest

from telemetryd.storage.day_file import WIDTHS
from telemetryd.storage.files import Files
from telemetryd.storage.journal import read_segment
from tests.damage import EXHAUSTIVE, ODD, cut, flipped, put_odd
from tests.examine.places import (
    ACTIVE_SEGMENT,
    CLOSED_SEGMENT,
    HOUR_EVENTS,
    HOUR_ROLLUP,
    PART_EVENTS,
    PART_ROLLUP,
)

from .small_store import ACTIVE, DAY_AFTER, LAST, WHOLE_DAY, Told, ask, build, end_the_day

pytestmark = pytest.mark.timeout(0 if EXHAUSTIVE else 120)

PARTS = (HOUR_EVENTS, HOUR_ROLLUP, PART_EVENTS, PART_ROLLUP)
ROWS_OF_PARTS = {HOUR_EVENTS: {"1-a", "1-b", "0-c"}, PART_EVENTS: {"2-a", "2-b", "1-c"}}
Asking = Callable[[Path], Coroutine[None, None, Told]]
# How a daemon says that something is lost.
LOSSES = ("quarantined", "journal damaged", "checkpoint lost")


class Store:
    """The undamaged store, and damaged copies of it."""

    def __init__(
        self, folder: Path, ask: Asking = ask, make: Callable[[Path], Coroutine[None, None, None]] = build
    ) -> None:
        self._folder = folder
        self._ask = ask
        self._count = 0
        self.path = folder / "store"
        asyncio.run(make(self.path))
        self.intact = self.ask(lambda copy: None)

    @property
    def day(self) -> str:
        """The one file of a day."""
        (path,) = (self.path / "days").rglob("*.parquet")
        return str(path.relative_to(self.path))

    def bytes_of(self, name: str) -> bytes:
        return (self.path / name).read_bytes()

    def ask(self, damage: Callable[[Path], object]) -> Told:
        """Return what a daemon says on a copy to which something was done."""
        self._count += 1
        copy = self._folder / f"copy-{self._count}"
        shutil.copytree(self.path, copy)
        try:
            damage(copy)
            return asyncio.run(self._ask(copy))
        finally:
            shutil.rmtree(copy)

    def ask_with(self, name: str, data: bytes) -> Told:
        """Return what a daemon says where a file holds something else."""
        return self.ask(lambda copy: (copy / name).write_bytes(data))

    def without(self, *batches: int) -> Told:
        """Return what a daemon says that never got some batches."""
        path = self._folder / "-".join(map(str, ("without", *batches)))
        asyncio.run(build(path, batches))
        return asyncio.run(self._ask(path))

    def without_records(self, name: str, *numbers: int) -> Told:
        """Return what a daemon says where a segment lacks some of its records; 0 is the checkpoint."""
        data = self.bytes_of(name)
        starts = [at for at in range(len(data)) if data.startswith(b"\xff\x00TR", at)]
        records = [data[: starts[0]], *(data[start:end] for start, end in pairwise([*starts, len(data)]))]
        return self.ask_with(name, b"".join(each for at, each in enumerate(records) if at - 1 not in numbers))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("any-bytes"))


@pytest.fixture(scope="module")
def day_store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """The same store a day later, asked of all of its day in every interval that a day's file has rows of."""

    async def make(path: Path) -> None:
        await build(path)
        await end_the_day(path)

    return Store(
        tmp_path_factory.mktemp("any-bytes-of-a-day"),
        partial(ask, now=DAY_AFTER, span=WHOLE_DAY, intervals=WIDTHS),
        make,
    )


@pytest.mark.parametrize("name", ["store", "day_store"])
def test_the_undamaged_store_is_whole(request: pytest.FixtureRequest, name: str) -> None:
    """What all others are compared with: every operation is there, nothing is set aside."""
    store: Store = request.getfixturevalue(name)
    assert len(store.intact.operations) == 18
    assert store.intact.quarantine == ()
    assert store.intact.said(*LOSSES) == []


@pytest.mark.parametrize("name", PARTS)
def test_a_flipped_bit_in_a_part(store: Store, name: str) -> None:
    """Every number stays as it was, whichever bit of whichever part; of lost events the operations are missing."""
    for place, data in flipped(store.bytes_of(name), 24):
        check_part(store, name, store.ask_with(name, data), f"byte {place}")


@pytest.mark.parametrize("name", PARTS)
def test_a_part_that_was_cut_off(store: Store, name: str) -> None:
    """At whatever length: it is set aside, and every number stays as it was."""
    for length, data in cut(store.bytes_of(name), 4):
        told = store.ask_with(name, data)
        check_part(store, name, told, f"cut to {length}")
        assert told.quarantine == (name,)


def check_part(store: Store, name: str, told: Told, damage: str) -> None:
    assert told.numbers == store.intact.numbers, damage
    lost = set(store.intact.operations) - set(told.operations)
    assert lost in (set(), ROWS_OF_PARTS.get(name, set())), damage
    assert told.quarantine in ((), (name,)), damage
    assert len(told.said("quarantined")) == len(told.quarantine), damage
    assert told.quarantine or not lost, damage


def test_a_flipped_bit_in_the_file_of_a_day(day_store: Store) -> None:
    """Every number stays as it was: from the file, or from the hours that it was made of."""
    for place, data in flipped(day_store.bytes_of(day_store.day), 24):
        check_day(day_store, data, f"byte {place}")


def test_the_file_of_a_day_that_was_cut_off(day_store: Store) -> None:
    """At whatever length: it is set aside, and every number stays as it was."""
    for length, data in cut(day_store.bytes_of(day_store.day), 4):
        assert check_day(day_store, data, f"cut to {length}").quarantine == (day_store.day,)


def check_day(store: Store, data: bytes, damage: str) -> Told:
    told = store.ask_with(store.day, data)
    assert told.numbers == store.intact.numbers, damage
    assert told.operations == store.intact.operations, damage
    assert told.quarantine in ((), (store.day,)), damage
    assert len(told.said("quarantined")) == len(told.quarantine), damage
    return told


def test_a_flipped_bit_in_a_closed_segment(store: Store) -> None:
    """It costs at most the record it is in, and the daemon says so; the segment is kept in quarantine."""
    without_state, without_batch = (store.without_records(CLOSED_SEGMENT, number) for number in (0, 1))
    assert len(without_state.operations) == 18
    assert without_state.said("checkpoint lost")
    # What was in flight after the lost batch is known from the checkpoint that follows.
    assert set(store.intact.operations) - set(without_batch.operations) == {"4-a", "4-b", "3-c"}
    assert without_batch.said("journal damaged")
    check_segment(store, CLOSED_SEGMENT, [store.intact, without_state, without_batch], 36)


def test_a_flipped_bit_in_the_active_segment(store: Store) -> None:
    """Likewise, but for a gap right before the last write: that may be a write torn by a crash, of which nothing counts.

    The segment's checkpoint is known from the segment before it.
    """
    without_state, *without_batch = (store.without_records(ACTIVE_SEGMENT, number) for number in (0, 1, 2))
    assert without_state.numbers == store.intact.numbers
    never_had = [store.without(ACTIVE), store.without(LAST)]
    assert [each.numbers for each in without_batch] == [each.numbers for each in never_had]
    torn_write = store.without(ACTIVE, LAST)
    check_segment(store, ACTIVE_SEGMENT, [store.intact, *never_had, torn_write], 36)


def check_segment(store: Store, name: str, allowed: list[Told], most: int) -> None:
    numbers = [each.numbers for each in allowed]
    for place, data in flipped(store.bytes_of(name), most):
        told = store.ask_with(name, data)
        assert told.numbers in numbers, f"byte {place}"
        assert told.numbers == store.intact.numbers or told.said(*LOSSES) or torn(told), f"byte {place}"
        if told.said("journal damaged"):
            assert [each.rpartition(".")[0] for each in told.quarantine] == [name.rpartition(".")[0]]


@pytest.mark.parametrize("name", [CLOSED_SEGMENT, ACTIVE_SEGMENT])
def test_a_segment_that_was_cut_off(store: Store, name: str) -> None:
    """All whole records before the cut count, and what is missing is told, but for a cut between two records at the very end."""
    records = {CLOSED_SEGMENT: [1], ACTIVE_SEGMENT: [1, 2]}[name]
    allowed = [store.intact, *(store.without_records(name, *records[at:]) for at in range(len(records)))]
    allowed.append(store.ask(lambda copy: (copy / name).unlink()))
    numbers = [each.numbers for each in allowed]
    whole = store.bytes_of(name)
    boundaries = {at for at in range(len(whole)) if whole.startswith(b"\xff\x00TR", at)}
    for length, data in cut(whole, 18):
        told = store.ask_with(name, data)
        assert told.numbers in numbers, f"cut to {length}"
        hidden = name == ACTIVE_SEGMENT and length in boundaries
        assert hidden or told.said(*LOSSES) or torn(told), f"cut to {length}"


def torn(told: Told) -> bool:
    return any(line["torn_bytes"] for line in told.said("recovered"))


@pytest.mark.parametrize("name", ["settings.json", "lock"])
def test_a_flipped_bit_or_a_cut_in_what_is_beside_the_data(store: Store, name: str) -> None:
    """It never touches a number, and never makes the daemon remove anything."""
    data = store.bytes_of(name)
    for damaged in [*flipped(data, 6), *cut(data, 3)]:
        told = store.ask_with(name, damaged[1])
        assert (told.numbers, told.operations) == (store.intact.numbers, store.intact.operations)
        assert told.said("partition removed") == []


@pytest.mark.parametrize("kind", ODD)
@pytest.mark.parametrize("name", [*PARTS, CLOSED_SEGMENT, "settings.json", "lock"])
def test_something_else_in_place_of_a_file(store: Store, name: str, kind: str) -> None:
    """A folder, a pipe, a link or a device: nobody waits for it, and the rest answers."""

    def replace(copy: Path) -> None:
        (copy / name).unlink()
        put_odd(copy / name, kind)

    told = store.ask(replace)
    if name == CLOSED_SEGMENT:
        assert told.numbers == store.ask(lambda copy: (copy / name).unlink()).numbers
    else:
        check_part(store, name, told, kind) if name in PARTS else None
        assert told.numbers == store.intact.numbers
    if name != "settings.json":
        assert told.said("quarantined")


@pytest.mark.parametrize("kind", ODD)
@pytest.mark.parametrize(
    "place",
    [
        "probe.tmp",
        "settings.json.tmp",
        "stranger",
        "quarantine",
        "journal/stranger",
        "journal/00000000000000000022.active",
        "journal/00000000000000000900.closed",
        "journal/00000000000000000036.active.tmp",
        "events/stranger",
        "events/date=2023-11-14/hour=20",
        "events/date=2023-11-14/hour=22/part-00000000000000000022-00000000000000000028.parquet.tmp",
        "rollups/date=2023-11-14/hour=22/hour-00000000000000000001-00000000000000000099.parquet",
        "rollups/date=2023-11-13",
    ],
)
def test_something_odd_beside_our_files(store: Store, place: str, kind: str) -> None:
    """Wherever it lies and whatever it is called, every number and every operation stays as it was."""
    told = store.ask(lambda copy: put_odd(copy / place, kind))
    assert (told.numbers, told.operations) == (store.intact.numbers, store.intact.operations)


@pytest.mark.parametrize("kind", [*ODD[2:], "file"])
@pytest.mark.parametrize("name", ["events", "rollups", "journal"])
def test_something_else_in_place_of_a_folder(store: Store, name: str, kind: str) -> None:
    """It goes to quarantine with a word, and the daemon begins a folder of that name; what it knows beside, it tells."""

    def replace(copy: Path) -> None:
        shutil.rmtree(copy / name)
        if kind == "file":
            (copy / name).write_bytes(b"?")
        else:
            put_odd(copy / name, kind)

    told = store.ask(replace)
    assert told.quarantine == (name,)
    if name != "journal":
        assert told.numbers == store.intact.numbers


def test_a_part_in_the_wrong_place(store: Store) -> None:
    """A copy of a part under another hour, another range or another level does not count twice: its footer says where it belongs."""
    for name in PARTS:
        kind = name.partition("/")[0]
        for elsewhere in (
            f"{kind}/date=2023-11-14/hour=20/{Path(name).name}",
            f"{kind}/date=2023-11-14/hour=22/part-00000000000000000900-00000000000000000907.parquet",
            f"{kind}/date=2023-11-14/hour=22/hour-00000000000000000001-00000000000000000021.parquet",
        ):

            def copy_there(copy: Path, name: str = name, elsewhere: str = elsewhere) -> None:
                (copy / elsewhere).parent.mkdir(exist_ok=True)
                shutil.copy(copy / name, copy / elsewhere)

            told = store.ask(copy_there)
            assert (told.numbers, told.operations) == (store.intact.numbers, store.intact.operations)
            assert told.quarantine == (elsewhere,)


def test_noise_that_is_called_like_the_segment_of_a_part(store: Store) -> None:
    """It does not have the part removed, which holds all that there is."""
    told = store.ask(lambda copy: (copy / "journal/00000000000000000008.closed").write_bytes(bytes(range(256))))
    assert (told.numbers, told.operations) == (store.intact.numbers, store.intact.operations)
    assert told.quarantine == ("journal/00000000000000000008.closed",)


def test_a_copy_of_a_segment_under_another_name(store: Store) -> None:
    """Its checkpoint says where it belongs: its rows do not count twice."""
    for elsewhere in ("00000000000000000012.closed", "00000000000000000025.closed", "00000000000000000900.active"):
        told = store.ask(lambda copy, to=elsewhere: shutil.copy(copy / CLOSED_SEGMENT, copy / "journal" / to))  # type: ignore[misc]
        assert (told.numbers, told.operations) == (store.intact.numbers, store.intact.operations)
        assert told.quarantine == (f"journal/{elsewhere}",)


def test_names_that_are_no_text(store: Store) -> None:
    """Bytes that are not UTF-8 and names with a newline are set aside like any others."""

    def name_badly(copy: Path) -> None:
        for folder in ("journal", "events", "rollups/date=2023-11-14", "events/date=2023-11-14/hour=22"):
            (copy / folder / "new\nline").write_bytes(b"?")
            with open(f"{copy}/{folder}".encode() + b"/\xff\xfe", "wb"):
                pass

    told = store.ask(name_badly)
    assert (told.numbers, told.operations) == (store.intact.numbers, store.intact.operations)
    assert len(told.quarantine) == 8


def test_segments_of_the_store_are_what_the_names_say(store: Store) -> None:
    """The test's own picture of the store is right."""
    for name, records in ((CLOSED_SEGMENT, 1), (ACTIVE_SEGMENT, 2)):
        assert len(list(read_segment(Files(), str(store.path / name)).records)) == records
