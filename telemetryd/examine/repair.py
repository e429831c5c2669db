"""Mending: what is bad is set aside, what is whole makes anew what can be made of it."""

from __future__ import annotations

import os
from collections.abc import Iterable

from telemetryd.model.timerange import day_of
from telemetryd.storage import compactor
from telemetryd.storage.catalog import Catalog, HourParts
from telemetryd.storage.files import Files
from telemetryd.storage.folder import DAYS, ROLLUPS, Folder
from telemetryd.storage.inventory import take_inventory

from .findings import Problem, Report
from .store import Progress, check, mended

SET_ASIDE = "set aside in quarantine/"
REBUILT = "made anew from the events"
BY_THE_DAEMON = "left to the next start, which replays what is whole and keeps the segment in quarantine/"


def repair(files: Files, metrics_path: str, settings: Iterable[str], interval: int, progress: Progress) -> Report:
    """Examine a store and mend it, under its lock; return what was wrong and what was done about it.

    Rollups are made anew in samples of ``interval`` s. Raises FolderInUse, StorageError, OSError.
    """
    with Folder(files, metrics_path).locked() as folder:
        in_the_way = [Problem(os.path.basename(path), found, SET_ASIDE) for path, found in folder.set_aside]
        examination = check(files, folder.path, settings, progress)
        catalog = take_inventory(files, folder).catalog
        done = dict.fromkeys(examination.misplaced, SET_ASIDE)
        for path in examination.unreadable:
            folder.quarantine(path)
            done[os.path.relpath(path, folder.path)] = SET_ASIDE
        for part in examination.bad:
            if part.kind != DAYS:
                catalog.replace(part.hour, (part,), ())
                _forget_day(files, folder, catalog, part.hour)
            folder.quarantine(part.path)
            done[os.path.relpath(part.path, folder.path)] = SET_ASIDE
        for hour, shown in examination.lacking.items():
            if _rebuild(files, folder, catalog, hour, interval):
                done[shown] = REBUILT
                lost = [part for part in examination.bad if part.hour == hour and part.kind == ROLLUPS]
                done |= {os.path.relpath(part.path, folder.path): f"{SET_ASIDE}, {REBUILT}" for part in lost}
        segments = examination.report.segments
        damaged = [each.path for each in segments if each.damaged_bytes or each.torn_bytes or each.undecodable_records]
        done |= dict.fromkeys(damaged, BY_THE_DAEMON)
        # The lock was ours while we looked.
        examination.report.held_by = ""
        examination.report.problems += in_the_way
        return mended(examination.report, done)


def _forget_day(files: Files, folder: Folder, catalog: Catalog, hour: int) -> None:
    """Remove the file of an hour's day, made of what turned out to be bad: the daemon makes it anew."""
    parts = catalog.days().get(day_of(hour))
    if parts is not None and parts.file is not None:
        catalog.drop_day(parts.file)
        compactor.remove(files, folder, (parts.file.part,))


def _rebuild(files: Files, folder: Folder, catalog: Catalog, hour: int, interval: int) -> bool:
    parts = catalog.view().get(hour, HourParts())
    if not parts.events:
        return False
    merged = compactor.merge(files, folder, compactor.Merge(hour, parts), interval)
    catalog.replace(hour, merged.old, merged.new)
    compactor.remove(files, folder, merged.old)
    return True
