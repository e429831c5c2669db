"""What settings name is there: files of tokens and certificates, users, groups.

The daemon takes these once, at its start and at a reload; here the same is done and what comes of it thrown
away, to know all mistakes before anything is touched. Nothing is imported for it that only a daemon needs.
"""

from __future__ import annotations

from collections.abc import Callable

from telemetryd.api.private_file import Read, read_private
from telemetryd.api.tls import Certificates
from telemetryd.api.tokens import Tokens
from telemetryd.ingest.allowed import AllowedPeers
from telemetryd.ingest.socket_file import Openness
from telemetryd.model.errors import NotForThisUser, SettingsError
from telemetryd.model.settings import Settings

# Whoever takes something that a setting names; raises SettingsError.
_TAKERS: tuple[Callable[[Settings, Read], object], ...] = (
    Tokens.named,
    Certificates,
    lambda settings, read: AllowedPeers(settings),
    lambda settings, read: Openness.of_ingest(settings),
    lambda settings, read: Openness.of_api(settings),
)


def mistakes(settings: Settings) -> list[str]:
    """Return a sentence for each thing that this process cannot have as ``settings`` name it. Blocks on the disk."""
    return [mistake for error in _errors(settings, read_private) for mistake in error.mistakes]


def check(settings: Settings) -> tuple[list[str], list[str]]:
    """Return the same as whoever checks sees it, who may be another user than the daemon's: mistakes, and notices.

    What is not for this user, and may be for the daemon's, is a notice; what is missing or malformed, a mistake.
    """
    found: list[str] = []
    notices: list[str] = []

    def read(path: str, setting: str) -> bytes:
        try:
            return read_private(path, setting)
        except NotForThisUser as error:
            contents = read_private(path, setting, of_anyone=True)
            notices.extend(error.mistakes)
            return contents

    for error in _errors(settings, read):
        (notices if isinstance(error, NotForThisUser) else found).extend(error.mistakes)
    return found, [f"{notice}; what the daemon's user finds is not known here" for notice in notices]


def _errors(settings: Settings, read: Read) -> list[SettingsError]:
    errors = []
    for take in _TAKERS:
        try:
            take(settings, read)
        except SettingsError as error:
            errors.append(error)
    return errors
