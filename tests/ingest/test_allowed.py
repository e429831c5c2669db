"""Whose processes may send events."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest

from telemetryd.ingest.allowed import AllowedPeers
from telemetryd.ingest.peer import Peer, groups_of, peer_of
from telemetryd.model.errors import SettingsError
from telemetryd.model.settings import Settings

# A process that is nobody's here.
STRANGER = Peer(1, 4_000_000_001, 4_000_000_002)


@pytest.fixture
def connected() -> Iterator[socket.socket]:
    """Our end of a connection to this very process."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    with ours, theirs:
        yield ours


def listing(users: tuple[str, ...] = (), groups: tuple[str, ...] = ()) -> Settings:
    """Return settings that list these."""
    settings = Settings()
    return replace(settings, ingest=replace(settings.ingest, allowed_users=users, allowed_groups=groups))


def test_without_a_list_the_sockets_file_decides(connected: socket.socket) -> None:
    """Whoever could open it is let in."""
    assert AllowedPeers().allow(STRANGER, connected)


def test_a_listed_user_is_let_in_and_nobody_else(connected: socket.socket) -> None:
    """Root is no exception: only who is listed is."""
    own = peer_of(connected)
    peers = AllowedPeers(listing(users=(str(STRANGER.uid),)))
    assert peers.allow(STRANGER, connected)
    assert not peers.allow(own, connected)
    assert not peers.allow(Peer(1, 0, 0), connected)


def test_a_listed_group_lets_its_members_in(connected: socket.socket) -> None:
    """By the group the process has."""
    peers = AllowedPeers(listing(groups=(str(STRANGER.gid),)))
    assert peers.allow(replace(STRANGER, uid=5), connected)
    assert not peers.allow(replace(STRANGER, gid=4_000_000_003), connected)


def test_a_further_group_of_the_process_counts() -> None:
    """As it does for files; the kernel notes the groups when the connection is made."""
    before = os.getgroups()
    if os.getuid() == 0:
        os.setgroups([*before, 4_000_000_007])
    try:
        further = os.getgroups()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    finally:
        if os.getuid() == 0:
            os.setgroups(before)
    with ours, theirs:
        assert sorted(groups_of(ours)) == sorted(further)
        for group in further:
            assert AllowedPeers(listing(groups=(str(group),))).allow(STRANGER, ours)
        assert not AllowedPeers(listing(groups=("4000000008",))).allow(STRANGER, ours)


def test_another_list_holds_from_its_commit_on(connected: socket.socket) -> None:
    """Not before, and not where a name of it is wrong."""
    peers = AllowedPeers(listing(users=("1",)))
    commit = peers.prepare(listing(users=(str(STRANGER.uid),)))
    assert not peers.allow(STRANGER, connected)
    commit()
    assert peers.allow(STRANGER, connected)
    with pytest.raises(SettingsError) as caught:
        peers.prepare(listing(users=("nobody-here", "0"), groups=("no-group-here",)))
    assert [mistake.partition(":")[0] for mistake in caught.value.mistakes] == [
        "ingest.allowed_users",
        "ingest.allowed_groups",
    ]
    assert peers.allow(STRANGER, connected)
