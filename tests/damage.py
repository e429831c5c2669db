"""Damage to files: which bytes to flip, at which lengths to cut. All of them where TELEMETRYD_EVERY_BYTE is set."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

EXHAUSTIVE = bool(os.environ.get("TELEMETRYD_EVERY_BYTE"))


def flipped(data: bytes, most: int) -> Iterator[tuple[int, bytes]]:
    """Yield places and the data with one bit flipped there: at every byte, or at ``most`` of them, chosen by a seed."""
    chosen = random.Random(f"flipped {len(data)}")
    for place in _some(len(data), most, chosen):
        yield place, data[:place] + bytes([data[place] ^ (1 << chosen.randrange(8))]) + data[place + 1 :]


def cut(data: bytes, most: int) -> Iterator[tuple[int, bytes]]:
    """Yield lengths and the data cut to them: every length, or ``most`` of them, the empty file always."""
    chosen = random.Random(f"cut {len(data)}")
    for length in sorted({0, *_some(len(data), most - 1, chosen)}):
        yield length, data[:length]


def put_odd(path: Path, kind: str) -> None:
    """Put something that is no plain file at a path: what ``ODD`` names."""
    if kind == "folder":
        path.mkdir()
    elif kind == "full folder":
        path.mkdir()
        (path / "inside").write_bytes(b"?")
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "dangling link":
        path.symlink_to(path.parent / "nowhere")
    elif kind == "link to itself":
        path.symlink_to(path)
    elif kind == "endless device":
        path.symlink_to("/dev/zero")


ODD = ("folder", "full folder", "pipe", "dangling link", "link to itself", "endless device")


def _some(size: int, most: int, chosen: random.Random) -> list[int]:
    return list(range(size)) if EXHAUSTIVE or size <= most else sorted(chosen.sample(range(size), most))
