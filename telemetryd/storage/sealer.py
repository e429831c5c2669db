"""Sealing: a frozen head becomes one events part and one rollup part per UTC hour it touches.

The parts are in place before the head's segment goes; its removal is what commits them.
"""

from __future__ import annotations

import os
from dataclasses import replace

from telemetryd.rollup.build import build
from telemetryd.rollup.carry import carry_of

from .files import Files, remove_if_there
from .folder import EVENTS, ROLLUPS, Folder
from .head import FrozenHead
from .part import write_events, write_rollups
from .part_name import Part
from .rows import by_hour


def seal(files: Files, folder: Folder, frozen: FrozenHead, interval: int) -> list[Part]:
    """Write the parts of a frozen head durably and return them; rollups in samples of ``interval`` s.

    They are not committed: called again, after a failure or a crash, it writes the same files
    anew. Raises OSError.
    """
    parts = []
    for hour, columns in by_hour(frozen.columns):
        events = Part.named(folder, EVENTS, hour, "part" if frozen.detailed else "brief", frozen.first, frozen.last)
        rollups = Part.named(folder, ROLLUPS, hour, "part", frozen.first, frozen.last)
        for part in (events, rollups):
            files.make_folder(os.path.dirname(part.path))
        parts.append(replace(events, size=write_events(files, events.path, columns)))
        parts.append(
            replace(rollups, size=write_rollups(files, rollups.path, build(columns, interval), carry_of(columns)))
        )
        for part in (events, rollups):
            folder.sync_partition(os.path.dirname(part.path))
    return parts


def commit(files: Files, folder: Folder, segment_path: str, *, keep: bool = False) -> None:
    """Remove a segment whose rows are in parts, durably: from here on the parts count. Raises OSError.

    One to ``keep`` goes to quarantine instead. May be called again.
    """
    if keep and files.exists(segment_path):
        folder.quarantine(segment_path)
    remove_if_there(files, segment_path)
    files.sync_folder(folder.journal)
