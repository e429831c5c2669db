"""Users and groups, by name or number, as settings say them."""

from __future__ import annotations

import grp
import pwd

from telemetryd.model.errors import SettingsError


def user_id(word: str, setting: str) -> int:
    """Return the number of a user; raises :class:`SettingsError` where there is none of that name."""
    if _is_number(word):
        return int(word)
    try:
        return pwd.getpwnam(word).pw_uid
    except KeyError:
        raise SettingsError([f"{setting}: expected the name or number of a user, found {word!r}"]) from None


def group_id(word: str, setting: str) -> int:
    """Return the number of a group; raises :class:`SettingsError` where there is none of that name."""
    if _is_number(word):
        return int(word)
    try:
        return grp.getgrnam(word).gr_gid
    except KeyError:
        raise SettingsError([f"{setting}: expected the name or number of a group, found {word!r}"]) from None


def _is_number(word: str) -> bool:
    # The kernel's are of 32 bits, and the last means none.
    return word.isascii() and word.isdigit() and int(word) < 2**32 - 1
