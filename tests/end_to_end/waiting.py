"""Waiting for something to become true, with a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

# A machine that is busy with other things is slow; a daemon that hangs is slower.
PATIENCE = 60.0
_BETWEEN_LOOKS = 0.02


def until(look: Callable[[], T], what: str, seconds: float = PATIENCE) -> T:
    """Return what ``look`` returns as soon as that is true; fail when it is not within ``seconds``."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:.0f} s for {what}, found {found!r}")
        time.sleep(_BETWEEN_LOOKS)
    return found
