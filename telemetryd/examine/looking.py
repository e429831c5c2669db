"""A disk to look at only: what would change is noted and not done."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from telemetryd.storage.files import File, Files, Lock

T = TypeVar("T")

# A daemon may remove what it has compacted while it is looked at; then one looks again.
ATTEMPTS = 5


def steady(look: Callable[[], T]) -> T:
    """Return what a look gives in which nothing went away; raises what the last of some gives."""
    for _ in range(ATTEMPTS - 1):
        with suppress(FileNotFoundError):
            return look()
    return look()


class Looking(Files):
    """The real filesystem, read-only; ``moved`` maps where things would go to where they are."""

    def __init__(self) -> None:
        self.moved: dict[str, str] = {}

    def create(self, path: str) -> File:
        raise OSError(f"{path}: expected to look only, found a file to write")

    def lock(self, path: str, note: str) -> Lock:
        raise OSError(f"{path}: expected to look only, found a lock to take")

    def shorten(self, path: str, size: int) -> None:
        raise OSError(f"{path}: expected to look only, found a file to cut off")

    def rename(self, old: str, new: str) -> None:
        self.moved[new] = old

    def remove(self, path: str) -> None:
        """Leave it where it is."""

    def remove_folder(self, path: str) -> None:
        """Leave it where it is."""

    def make_folder(self, path: str) -> None:
        """Make nothing."""

    def sync_folder(self, path: str) -> None:
        """Nothing changed."""

    def names(self, path: str) -> list[str]:
        return [] if os.path.lexists(path) and not os.path.isdir(path) else super().names(path)
