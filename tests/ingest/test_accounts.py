"""Users and groups, by name or number."""

from __future__ import annotations

import grp
import os
import pwd
from collections.abc import Callable

import pytest

from telemetryd.ingest.accounts import group_id, user_id
from telemetryd.model.errors import SettingsError


def test_a_name_is_looked_up_and_a_number_is_one() -> None:
    """Also a number that nobody has a name for."""
    user = pwd.getpwuid(os.getuid())
    assert user_id(user.pw_name, "x") == user_id(str(user.pw_uid), "x") == user.pw_uid
    group = grp.getgrgid(os.getgid())
    assert group_id(group.gr_name, "x") == group_id(str(group.gr_gid), "x") == group.gr_gid
    assert user_id("4294967294", "x") == 4294967294


@pytest.mark.parametrize("look_up", [user_id, group_id])
@pytest.mark.parametrize("word", ["nobody-has-this-name", "-1", "4294967295", "²", "1 2"])
def test_what_nobody_is_called_is_a_mistake(look_up: Callable[[str, str], int], word: str) -> None:
    """The sentence names the setting; the number that means nobody is no number."""
    with pytest.raises(SettingsError, match=r"^ingest\.x: expected the name or number of a"):
        look_up(word, "ingest.x")
