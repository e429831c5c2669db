from __future__ import annotations

import contextlib
import errno
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from telemetryd.hooks.spool import Spool
from telemetryd.hooks.spool_batch import BATCH_EVENTS, Spooled
from telemetryd.hooks.spool_file import PAGE
from telemetryd.hooks.spool_format import RECORD_BYTES, RECORDS, SLOT, read_state
from telemetryd.hooks.spool_trouble import PATIENCE
from telemetryd.model.events import OperationStart
from tests.disk.memory import in_memory

from .bad_disk import BadDisk

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 1 << 20
LONG = 1 << 20
# Of a spool with five hundred small events.
LAST_PAGE = 15


class Disk:
    """A path, and the spools opened on it one after the other."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.bad = BadDisk(path)
        self.now = 0.0
        self.spool = Spool(str(path), LIMIT)

    def open(self, name: str = "wal", *, given: bool = True, limit: int = LIMIT) -> Spool:
        """Open it as the next process does, after the last one was killed."""
        self.spool.abandon()
        self.spool = Spool(str(self.path), limit, self.bad.open, lambda: self.now)
        self.spool.open(name, given=given)
        return self.spool


@pytest.fixture
def disk() -> Iterator[Disk]:
    with in_memory() as folder:
        made = Disk(folder / "spool")
        yield made
        made.spool.abandon()


def events(*ids: object) -> list[OperationStart]:
    return [OperationStart(str(each), "add", "ipfs", 1.0) for each in ids]


def ids(batch: Spooled) -> list[str]:
    return [each["operation_id"] for each in json.loads(b"[" + batch.body + b"]")]


def told(batches: list[Spooled]) -> list[tuple[int, list[str]]]:
    return [(batch.number, ids(batch)) for batch in batches]


def test_what_was_appended_comes_out_in_order_after_a_kill(disk: Disk) -> None:
    """Several short records make one batch, which gets the number that was asked for."""
    spool = disk.open()
    assert spool.append(events("a", "b")) == 2
    assert spool.append(events("c")) == 1
    again = disk.open()
    assert (again.events, again.last) == (3, 2)
    assert told(again.take(8, 41, LONG)) == [(41, ["a", "b", "c"])]
    assert again.events == 0


def test_a_number_once_given_stays_with_its_events(disk: Disk) -> None:
    """Whatever was appended since, whatever number would be next: the daemon may have that batch."""
    spool = disk.open()
    spool.append(events("a", "b"))
    spool.take(8, 41, LONG)
    spool.append(events("c"))
    assert told(disk.open().take(8, 90, LONG)) == [(41, ["a", "b"]), (90, ["c"])]
    assert told(disk.open().take(8, 95, LONG)) == [(41, ["a", "b"]), (90, ["c"])]


def test_what_was_sent_before_it_was_spooled_keeps_its_number(disk: Disk) -> None:
    """And comes before what was not sent."""
    spool = disk.open()
    assert spool.keep(7, 2, b'{"operation_id":"a"},{"operation_id":"b"}') == 1
    assert spool.keep(8, 1, b'{"operation_id":"c"}') == 2
    assert spool.events == 0, "these are under way"
    spool.append(events("d"))
    assert told(disk.open().take(8, 3, LONG)) == [(7, ["a", "b"]), (8, ["c"]), (9, ["d"])]


def test_what_is_settled_does_not_come_again(disk: Disk) -> None:
    """Up to an ordinal, and when all is settled the file shrinks to its beginning."""
    spool = disk.open()
    for each in "abc":
        spool.append(events(each))
        spool.take(1, 1 + spool.taken, LONG)
    spool.settle(2)
    assert told(disk.open().take(8, 9, LONG)) == [(3, ["c"])]
    disk.spool.settle(3)
    assert disk.path.stat().st_size == RECORDS
    assert disk.open().events == 0


def test_ordinals_are_not_used_again(disk: Disk) -> None:
    """A new record is never taken for one that had a number, though nothing of that is left."""
    spool = disk.open()
    spool.append(events("a"))
    spool.take(1, 5, LONG)
    spool.settle(1)
    again = disk.open()
    again.append(events("b"))
    assert again.last == 2
    assert told(again.take(1, 9, LONG)) == [(9, ["b"])]


def test_batches_are_as_long_as_the_daemon_takes(disk: Disk) -> None:
    """By bytes and by events."""
    spool = disk.open()
    spool.append(events(*range(500)))
    batches = spool.take(1000, 1, 5000)
    assert all(len(batch.body) <= 5000 for batch in batches)
    assert [each for batch in batches for each in ids(batch)] == [str(number) for number in range(500)]
    spool.append(events(*range(3 * BATCH_EVENTS)))
    assert max(batch.events for batch in spool.take(1000, 1000, LONG)) <= BATCH_EVENTS


def test_a_record_is_short(disk: Disk) -> None:
    """So that a daemon with short lines takes it."""
    spool = disk.open()
    spool.append(events(*range(100)))
    assert max(len(batch.body) for batch in spool.take(1000, 1, 0)) <= RECORD_BYTES


def test_no_more_is_taken_than_asked_for(disk: Disk) -> None:
    """The rest stays."""
    spool = disk.open()
    spool.append(events(*range(500)))
    first = spool.take(1, 1, 5000)
    assert len(first) == 1
    assert spool.events == 500 - first[0].events


def test_it_is_bounded(disk: Disk) -> None:
    """What finds no room is not taken, and `trouble` says so until there is room."""
    spool = disk.open(limit=RECORDS + 5000)
    taken = spool.append(events(*range(500)))
    assert 0 < taken < 500
    assert disk.path.stat().st_size <= RECORDS + 5000
    assert "full" in spool.trouble
    assert spool.append(events(*range(500))) == 0
    (batch, *_) = spool.take(100, 1, LONG)
    assert batch.events == taken
    assert spool.keep(2, 1, b"x" * 5000) == 0
    spool.settle(spool.last)
    assert spool.append(events("a")) == 1
    assert spool.trouble == ""


def test_a_torn_tail_costs_what_was_torn(disk: Disk) -> None:
    """Cut anywhere, all whole records before the cut are there, and what is appended then follows them."""
    spool = disk.open()
    for each in ("a", "b"):
        spool.append(events(each))
    whole = disk.path.read_bytes()
    (size,) = {len(whole[RECORDS:]) // 2}
    for cut in range(RECORDS, len(whole)):
        disk.path.write_bytes(whole[:cut])
        again = disk.open()
        again.append(events("c"))
        expected = ["a", "c"] if cut >= RECORDS + size else ["c"]
        assert told(disk.open().take(8, 1, LONG)) == [(1, expected)], cut


def test_a_flipped_byte_costs_its_record_and_nothing_else(disk: Disk) -> None:
    """Wherever it is: the other records are there, and no number changes hands."""
    spool = disk.open()
    spool.append(events("a"))
    spool.take(1, 5, LONG)
    spool.append(events("b"))
    spool.append(events("c"))
    whole = disk.path.read_bytes()
    size = (len(whole) - RECORDS) // 3
    for at in range(RECORDS, len(whole)):
        content = bytearray(whole)
        content[at] ^= 0x55
        disk.path.write_bytes(content)
        found = {each: number for number, those in told(disk.open().take(8, 90, LONG)) for each in those}
        expected = {"a": 5, "b": 90, "c": 90}
        del expected["abc"[(at - RECORDS) // size]]
        assert found == expected, at


def test_a_torn_state_leaves_the_one_before(disk: Disk) -> None:
    """A number whose state did not reach the disk was not sent: another may be given."""
    spool = disk.open()
    spool.append(events("a"))
    before = disk.path.read_bytes()
    spool.take(1, 5, LONG)
    after = disk.path.read_bytes()
    (slot,) = [start for start in (SLOT, 2 * SLOT) if before[start : start + SLOT] != after[start : start + SLOT]]
    for torn in (0, 1, 7, 8, 9, 12):
        disk.spool.abandon()
        disk.path.write_bytes(after[: slot + torn] + bytes(SLOT - torn) + after[slot + SLOT :])
        assert told(disk.open().take(1, 6, LONG)) == [(6, ["a"])]


def test_the_name_stays_while_events_wait_under_it(disk: Disk) -> None:
    """Their numbers are that name's; an empty spool takes the name that is given, and keeps its own where none is."""
    assert disk.open("first").name == "first"
    assert disk.open("made up", given=False).name == "first"
    disk.spool.append(events("a"))
    assert disk.open("second").name == "first"
    disk.spool.take(1, 1, LONG)
    disk.spool.settle(1)
    assert disk.open("second").name == "second"


def test_what_cannot_be_read_stays(disk: Disk) -> None:
    """Wherever the reading fails: batches before it are handed out, the others are neither taken nor counted as such."""
    spool = disk.open()
    number = 1
    for good_reads in range(40):
        spool.append(events(*range(500)))
        disk.bad.fails, disk.bad.good_reads = {"read"}, good_reads
        found: list[Spooled] = []
        with contextlib.suppress(OSError):
            while True:
                found += spool.take(2, number + len(found), 0)
                spool.settle(spool.taken)
        assert spool.trouble == "the spool cannot be read: [Errno 5] read"
        assert spool.events == 500 - sum(batch.events for batch in found) > 0
        disk.bad.heal()
        found += spool.take(100, number + len(found), 0)
        assert spool.trouble == ""
        assert [each for batch in found for each in ids(batch)] == [str(each) for each in range(500)], good_reads
        assert [batch.number for batch in found] == list(range(number, number + len(found)))
        number += len(found)
        spool.settle(spool.last)


def taken(spool: Spool, number: int = 1, found: list[Spooled] | None = None) -> list[Spooled]:
    """Take and settle until nothing more comes, behind what was ``found``; raises OSError where something cannot be read."""
    found = [] if found is None else found
    while batches := spool.take(4, number + len(found), 4000):
        found += batches
        spool.settle(batches[-1].last)
    return found


def names(batches: list[Spooled]) -> list[int]:
    return [int(each) for batch in batches for each in ids(batch)]


@pytest.mark.parametrize("page", range(RECORDS // PAGE, LAST_PAGE + 1))
def test_a_sector_that_can_never_be_read_holds_back_nothing_behind_it(disk: Disk, page: int) -> None:
    """After half a minute it is given up, what it held is counted, once, and what comes later goes on as ever."""
    spool = disk.open()
    spool.append(events(*range(500)))
    assert spool._end // PAGE == LAST_PAGE, "the last of them is not full"
    disk.bad.pages = {page}
    found: list[Spooled] = []
    with pytest.raises(OSError, match="a bad sector"):
        taken(spool, 1, found)
    disk.now += PATIENCE - 1
    with pytest.raises(OSError, match="a bad sector"):
        spool.take(4, 100, 4000)
    assert (spool.dropped, spool.trouble) == (0, "the spool cannot be read: [Errno 5] a bad sector")
    disk.now += 1
    taken(spool, 100, found)
    lost = 500 - len(names(found))
    assert 0 < lost < 150
    assert sorted(set(names(found))) == names(found)
    assert (spool.events, spool.dropped) == (0, lost)
    assert spool.trouble == f"events of the spool that are damaged and cannot be sent: {lost}"
    spool.append(events(*range(500, 900)))
    assert names(taken(spool, 200)) == list(range(500, 900))
    assert spool.dropped == lost


def test_what_is_appended_while_a_sector_cannot_be_read_is_sent(disk: Disk) -> None:
    """Though it would begin in the very page."""
    spool = disk.open()
    spool.append(events(*range(40)))
    disk.bad.pages = {RECORDS // PAGE}
    with pytest.raises(OSError, match="a bad sector"):
        taken(spool)
    disk.now += PATIENCE
    assert taken(spool) == [] and spool.dropped == 40
    spool.append(events(*range(40, 80)))
    assert names(taken(spool)) == list(range(40, 80))


def test_events_of_one_number_stay_one_batch_around_what_cannot_be_read(disk: Disk) -> None:
    """Two batches of one number would have the daemon take the second for the first."""
    spool = disk.open()
    spool.append(events(*range(500)))
    (given,) = spool.take(1, 7, LONG)
    assert given.events > 400
    spool = disk.open()
    disk.bad.pages = {6}
    with pytest.raises(OSError, match="a bad sector"):
        taken(spool)
    disk.now += PATIENCE
    found = taken(spool)
    assert [batch.number for batch in found].count(7) == 1
    assert len(names(found)) == 500 - spool.dropped > 350


@pytest.mark.parametrize("fails", ["write", "sync", "state"])
def test_nothing_is_given_up_of_a_disk_that_is_gone(disk: Disk, fails: str) -> None:
    """Where it takes no write either, all of it may come back."""
    spool = disk.open()
    spool.append(events(*range(500)))
    disk.bad.fails, disk.bad.good_reads = {"read", fails, "sync"}, 0
    for _ in range(3):
        with pytest.raises(OSError, match="read"):
            spool.take(4, 1, 4000)
        disk.now += PATIENCE
    disk.bad.heal()
    assert names(taken(spool)) == list(range(500))
    assert (spool.dropped, spool.trouble) == (0, "")


def test_a_place_that_is_read_again_is_not_given_up(disk: Disk) -> None:
    """The half minute is one without a break, in one place, and of a failure that does not pass."""
    spool = disk.open()
    spool.append(events(*range(500)))
    for page in (4, 6):
        disk.bad.pages = {page}
        with pytest.raises(OSError, match="a bad sector"):
            taken(spool, 10 * page)
        disk.now += PATIENCE - 1
        disk.bad.pages = set()
        spool.take(1, 10 * page + 5, 0)
    assert spool.dropped == 0


@pytest.mark.parametrize("page", range(RECORDS // PAGE, LAST_PAGE + 1))
def test_a_spool_is_opened_over_a_sector_that_can_never_be_read(disk: Disk, page: int) -> None:
    """What is before it and behind it is sent, each once; of what is lost one event a record is counted."""
    disk.open().append(events(*range(500)))
    disk.bad.pages = {page}
    spool = disk.open()
    waiting = spool.events
    assert 300 < waiting < 500
    assert 1 <= spool.dropped <= 500 - waiting
    found = names(taken(spool))
    assert len(found) == waiting and sorted(set(found)) == found
    spool.append(events(*range(500, 700)))
    disk.bad.pages = set()
    spool = disk.open()
    assert names(taken(spool, 100))[-200:] == list(range(500, 700))


def test_a_disk_that_fails_for_a_moment_at_the_opening_loses_nothing(disk: Disk) -> None:
    """Each place is read three times before it is given up."""
    disk.open().append(events(*range(500)))

    class Passing(BadDisk):
        failures = 0

        def touch(self, position: int, size: int) -> None:
            if position >= RECORDS and self.failures < 2:
                self.failures += 1
                raise OSError(errno.EIO, "for a moment")

    disk.bad = Passing(disk.path)
    with contextlib.suppress(OSError):
        disk.open()
    spool = disk.open()
    assert (spool.events, spool.dropped) == (500, 0)


@pytest.mark.parametrize("slot", [1, 2])
def test_a_state_that_can_never_be_read_has_the_file_set_aside(disk: Disk, slot: int) -> None:
    """The other slot may have an older one, which would give numbers again."""
    disk.open().append(events("a"))
    disk.bad.pages = {slot}
    spool = disk.open()
    assert (spool.events, spool.trouble) == (0, f"a damaged spool was set aside as {disk.path}.damaged")


def test_a_beginning_that_can_never_be_read_is_left_alone(disk: Disk) -> None:
    """Nobody knows whether it is a spool."""
    disk.open().append(events("a"))
    disk.bad.pages = {0}
    with pytest.raises(OSError, match="a bad sector"):
        disk.open()
    disk.bad.pages = set()
    assert told(disk.open().take(1, 1, LONG)) == [(1, ["a"])]


@pytest.mark.parametrize(
    ("fails", "trouble"),
    [
        ("state", "the spool cannot keep the numbers of batches: [Errno 5] state"),
        ("sync", "the spool is not safe on disk: [Errno 5] sync"),
    ],
)
def test_a_number_that_cannot_be_kept_is_not_given(disk: Disk, fails: str, trouble: str) -> None:
    """The next process would send the same events under another; they stay, and it is tried again."""
    spool = disk.open()
    spool.append(events("a", "b"))
    spool.sync()
    disk.bad.fails = {fails}
    for _ in range(3):
        assert spool.take(8, 41, LONG) == []
        assert (spool.events, spool.taken, spool.trouble) == (2, 0, trouble)
    disk.bad.heal()
    assert told(spool.take(8, 43, LONG)) == [(43, ["a", "b"])]
    disk.path.write_bytes(disk.bad.synced)
    assert told(disk.open().take(8, 90, LONG)) == [(43, ["a", "b"])]


def test_after_a_sync_that_failed_the_state_is_written_again(disk: Disk) -> None:
    """The system may count it as written though it is not on disk."""
    spool = disk.open()
    for each in "ab":
        spool.append(events(each))
        spool.take(1, 1 + spool.taken, LONG)
    spool.settle(1)
    disk.bad.fails = {"sync"}
    assert not spool.sync()
    disk.path.write_bytes(disk.bad.synced)
    disk.bad.heal()
    assert spool.sync()
    state = read_state(disk.bad.synced[SLOT:RECORDS])
    assert state is not None
    assert (state.done, state.given) == (1, ((2, 2, 2),))


def test_what_a_failed_sync_left_is_not_called_safe_until_it_is_dealt_with(disk: Disk) -> None:
    """A later sync that succeeds says nothing of what the failed one was for."""
    spool = disk.open()
    spool.append(events("a"))
    disk.bad.fails = {"sync"}
    assert not spool.sync()
    disk.bad.heal()
    assert spool.sync()
    assert "not safe" in spool.trouble
    spool.settle(spool.take(8, 1, LONG)[-1].last)
    assert spool.trouble == ""


def test_the_last_state_on_disk_is_not_written_over(disk: Disk) -> None:
    """A power loss may tear every state that was written since the last sync: the one that was synced is whole."""
    spool = disk.open()
    for turn in range(5):
        for _ in range(4 + turn % 2):
            spool.append(events(turn))
        batches = spool.take(8, 1 + spool.taken, 0)
        synced, syncs = disk.bad.synced, disk.bad.syncs
        newest = read_state(synced[SLOT:RECORDS])
        for batch in batches:
            spool.settle(batch.last)
            now = bytearray(disk.path.read_bytes())
            for start in (SLOT, 2 * SLOT):
                if now[start : start + SLOT] != synced[start : start + SLOT]:
                    now[start + 9 : start + SLOT] = bytes(SLOT - 9)
            assert read_state(bytes(now[SLOT:RECORDS])) == newest
        assert disk.bad.syncs == syncs, "an acknowledgement costs no sync"


def test_a_state_that_a_killed_process_left_unsynced_is_synced_first(disk: Disk) -> None:
    """Before the next process writes over the other one."""
    spool = disk.open()
    spool.append(events("a"))
    spool.append(events("b"))
    spool.take(1, 10, 0)
    spool.settle(1)
    left = disk.path.read_bytes()
    syncs = disk.bad.syncs
    disk.bad.fails = {"state"}
    with pytest.raises(OSError, match="state"):
        disk.open()
    assert (disk.bad.syncs, disk.bad.synced) == (syncs + 1, left)


def test_records_that_are_gone_since_they_were_counted_are_told(disk: Disk) -> None:
    """Nothing waits for them, and what comes later goes on."""
    spool = disk.open()
    spool.append(events("a"))
    spool.append(events("b"))
    content = bytearray(disk.path.read_bytes())
    content[-5] ^= 1
    disk.path.write_bytes(content)
    assert told(spool.take(8, 1, 0)) == [(1, ["a"])]
    assert spool.take(8, 2, 0) == []
    assert (spool.events, spool.trouble) == (0, "events of the spool that are damaged and cannot be sent: 1")
    spool.append(events("c"))
    assert told(spool.take(8, 2, 0)) == [(2, ["c"])]


def test_a_disk_that_takes_nothing_is_told_and_tried_again(tmp_path: Path) -> None:
    """What a failed write has left is written over: nothing torn lies between two records."""
    program = """
import resource, signal, sys
from telemetryd.hooks.spool import Spool
from telemetryd.hooks.spool_format import RECORDS
from telemetryd.model.events import OperationStart

def events(*ids):
    return [OperationStart(each, "add", "ipfs", 1.0) for each in ids]

spool = Spool(sys.argv[1], 1 << 20)
spool.open("wal", given=True)
assert spool.append(events("a")) == 1
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (RECORDS + 150, hard))
assert spool.append(events("b")) == 0
print(spool.trouble)
assert spool.append(events("c")) == 0
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
assert spool.append(events("d")) == 1
print(spool.trouble)
print(b"".join(each.body for each in spool.take(1, 1, 1000)).count(b"operation_id"))
"""
    path = tmp_path / "spool"
    ran = subprocess.run(
        [sys.executable, "-c", program, str(path)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    trouble, cleared, count = ran.stdout.splitlines()
    assert trouble.startswith("the spool cannot be written: ")
    assert (cleared, count) == ("", "2")
    disk = Disk(path)
    assert [each for _, those in told(disk.open().take(8, 1, LONG)) for each in those] == ["a", "d"]
    disk.spool.abandon()
