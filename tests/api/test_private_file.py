"""Files that hold secrets."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from telemetryd.api.private_file import read_private
from telemetryd.api.small_file import LARGEST
from telemetryd.model.errors import SettingsError


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_bytes(b"secret")
    path.chmod(0o600)
    return path


@pytest.mark.parametrize("mode", [0o400, 0o600, 0o640, 0o440])
def test_a_file_for_its_owner_and_their_group_is_read(secret: Path, mode: int) -> None:
    """As the file of a service is."""
    secret.chmod(mode)
    assert read_private(str(secret), "x") == b"secret"


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o601, 0o602, 0o660, 0o666])
def test_a_file_that_is_open_to_others_is_refused(secret: Path, mode: int) -> None:
    """To read or to change, also by a link to it; the sentence says how it is and where, and nothing of what is in it."""
    secret.chmod(mode)
    link = secret.with_name("link")
    link.symlink_to(secret)
    for path in (secret, link):
        with pytest.raises(SettingsError) as caught:
            read_private(str(path), "http.tokens")
        assert str(caught.value).startswith("http.tokens: expected a file that only its owner changes")
        assert f"{mode:04o}" in str(caught.value) and str(path) in str(caught.value)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_somebody_else_is_refused(secret: Path) -> None:
    """They could change it at any time."""
    os.chown(secret, 12345, -1)
    with pytest.raises(SettingsError, match="of root or of the daemon's user"):
        read_private(str(secret), "x")


def test_what_is_no_small_file_is_refused(secret: Path, tmp_path: Path) -> None:
    """A folder, a pipe that would keep the daemon waiting, a file without end, none at all."""
    os.mkfifo(tmp_path / "pipe", 0o600)
    for path, found in ((tmp_path, "something else|Is a directory"), (tmp_path / "pipe", "something else")):
        with pytest.raises(SettingsError, match=found):
            read_private(str(path), "x")
    with pytest.raises(SettingsError, match="No such file"):
        read_private(str(tmp_path / "none"), "x")
    with secret.open("wb") as file:
        file.truncate(LARGEST + 1)
    with pytest.raises(SettingsError, match="a larger one"):
        read_private(str(secret), "x")
