"""Small regular files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from telemetryd.api.small_file import LARGEST, read_small


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    """Up to the largest there may be, also by a link."""
    (tmp_path / "file").write_bytes(b"x" * LARGEST)
    (tmp_path / "link").symlink_to("file")
    assert read_small(str(tmp_path / "link")) == b"x" * LARGEST


def test_nothing_else_is_read(tmp_path: Path) -> None:
    """Not what would keep a reader waiting, nor what has no end; the sentence says what was found and where."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_bytes(b"x" * (LARGEST + 1))
    for path, found in ((tmp_path / "pipe", "something else"), (Path("/dev/zero"), "something else")):
        with pytest.raises(ValueError, match=f"expected a file, found {found}: {path}"):
            read_small(str(path))
    with pytest.raises(ValueError, match="found a larger one"):
        read_small(str(tmp_path / "large"))
    with pytest.raises(FileNotFoundError):
        read_small(str(tmp_path / "none"))
