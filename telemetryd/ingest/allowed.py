"""Whose processes may send events, by the kernel's word and not by theirs."""

from __future__ import annotations

import socket
from collections.abc import Callable

from telemetryd.model.errors import SettingsError
from telemetryd.model.settings import Settings

from .accounts import group_id, user_id
from .peer import Peer, groups_of


class AllowedPeers:
    """The users and groups of the settings; where they name none, whoever can open the socket's file."""

    def __init__(self, settings: Settings | None = None) -> None:
        """Look up what ``settings`` name; raises :class:`SettingsError` with a sentence for each name that nobody has."""
        self.changed: Callable[[], None] = lambda: None
        self._users: frozenset[int] = frozenset()
        self._groups: frozenset[int] = frozenset()
        self.prepare(settings or Settings())()

    def prepare(self, settings: Settings) -> Callable[[], None]:
        """Look up what ``settings`` name and return what puts it in force, and calls ``changed``."""
        mistakes: list[str] = []

        def numbers(words: tuple[str, ...], setting: str, number: Callable[[str, str], int]) -> frozenset[int]:
            found = set()
            for word in words:
                try:
                    found.add(number(word, setting))
                except SettingsError as error:
                    mistakes.extend(error.mistakes)
            return frozenset(found)

        users = numbers(settings.ingest.allowed_users, "ingest.allowed_users", user_id)
        groups = numbers(settings.ingest.allowed_groups, "ingest.allowed_groups", group_id)
        if mistakes:
            raise SettingsError(mistakes)

        def commit() -> None:
            self._users, self._groups = users, groups
            self.changed()

        return commit

    def allow(self, peer: Peer, connected: socket.socket) -> bool:
        """Whether a process that is connected may send events: its user, its group or another one of its groups is listed."""
        if not self._users and not self._groups:
            return True
        if peer.uid in self._users or peer.gid in self._groups:
            return True
        return bool(self._groups) and not self._groups.isdisjoint(groups_of(connected))
