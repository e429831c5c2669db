"""Where the files of the small store are, and damage to them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

HOUR_EVENTS = "events/date=2023-11-14/hour=21/hour-00000000000000000001-00000000000000000007.parquet"
HOUR_ROLLUP = HOUR_EVENTS.replace("events", "rollups")
PART_EVENTS = "events/date=2023-11-14/hour=22/part-00000000000000000008-00000000000000000014.parquet"
PART_ROLLUP = PART_EVENTS.replace("events", "rollups")
CLOSED_SEGMENT = "journal/00000000000000000022.closed"
ACTIVE_SEGMENT = "journal/00000000000000000029.active"


def flip(path: Path, place: int = 300) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 4
    path.write_bytes(data)


def picture(store: Path) -> Sequence[tuple[str, str]]:
    """Return the name and a digest of everything in a store."""
    return sorted(
        (str(path.relative_to(store)), hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder")
        for path in store.rglob("*")
    )
