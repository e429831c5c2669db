"""A whole store examined: what a start would set aside, and what only reading everything tells."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import replace

from telemetryd.model.errors import CorruptFile
from telemetryd.storage.catalog import Catalog, HourParts
from telemetryd.storage.files import Files
from telemetryd.storage.folder import DAYS, EVENTS, LOCK, QUARANTINE, ROLLUPS, Folder
from telemetryd.storage.inventory import Inventory, take_inventory
from telemetryd.storage.journal import ACTIVE
from telemetryd.storage.part_name import Part

from .day import examine_day
from .findings import PartsFound, Problem, Report
from .hour import Entries, HourExamined
from .looking import Looking, steady
from .segment import examine_segment

# How many parts are done, and how many there are.
Progress = Callable[[int, int], None]
_OURS = ("journal", EVENTS, ROLLUPS, DAYS, QUARANTINE, LOCK, "settings.json", "charts")
TORN = "bytes at its end are no record, as a write is that a crash cut short: a start passes over them"


class Examination:
    """One look at a store: ``report`` tells all of it.

    What is to be mended: ``misplaced`` are the paths that a start would set aside, ``unreadable`` segments
    and ``bad`` parts those that have to be as well, ``lacking`` the hours that need a rollup, by where
    it belongs.
    """

    def __init__(self, metrics_path: str, settings: Iterable[str] = ()) -> None:
        self._files = Looking()
        self._folder = Folder(self._files, metrics_path)
        self.report = Report(self._folder.path, parts={kind: PartsFound() for kind in (EVENTS, ROLLUPS, DAYS)})
        self.misplaced: list[str] = []
        self.unreadable: list[str] = []
        self.bad: dict[Part, str] = {}
        self.lacking: dict[int, str] = {}
        self._settings = settings

    def run(self, progress: Progress) -> Report:
        """Look at everything and return the report; raises OSError where the store cannot be read."""
        report = self.report
        held_by = self._files.holder(os.path.join(self._folder.path, LOCK))
        report.problems += [Problem("settings.json", sentence) for sentence in self._settings]
        self._folder.clear()
        inventory = take_inventory(self._files, self._folder)
        self._inventory(inventory)
        for path in inventory.segments:
            self._segment(path, is_last=path == inventory.segments[-1])
        self._days(inventory.catalog, self._hours(inventory.catalog, progress))
        self._beside()
        # A daemon may have begun under our eyes.
        report.held_by = held_by or self._files.holder(os.path.join(self._folder.path, LOCK))
        return report

    def _inventory(self, inventory: Inventory) -> None:
        for target, reason in inventory.set_aside:
            path = self._shown(self._files.moved[target])
            self.misplaced.append(path)
            self.report.problems.append(Problem(path, reason.removeprefix(f"{self._files.moved[target]}: ")))
        for path in inventory.removed:
            self.report.notes.append(Problem(self._shown(path), "left over by a crash: a start removes it"))

    def _segment(self, path: str, *, is_last: bool) -> None:
        shown = self._shown(path)
        try:
            found = examine_segment(self._files, path, shown)
        except FileNotFoundError:
            return
        except CorruptFile as error:
            self.unreadable.append(path)
            self.report.problems.append(Problem(shown, str(error).removeprefix(f"{path}: ")))
            return
        self.report.segments.append(found)
        if found.damaged_bytes:
            self.report.problems.append(Problem(shown, f"{found.damaged_bytes} bytes belong to no valid record"))
        if found.undecodable_records:
            says = f"expected records that this release knows, found {found.undecodable_records} that it does not"
            self.report.problems.append(Problem(shown, says))
        if found.torn_bytes and path.endswith(ACTIVE):
            self.report.notes.append(Problem(shown, f"{found.torn_bytes} {TORN}"))
        elif found.torn_bytes:
            self.report.problems.append(Problem(shown, f"{found.torn_bytes} bytes at its end are no valid record"))

    def _hours(self, catalog: Catalog, progress: Progress) -> dict[int, Entries]:
        """Look at all hours; return what the rollups count of those whose parts are whole."""
        counted: dict[int, Entries] = {}
        hours = catalog.view()
        total = sum(len(parts.events) + len(parts.rollups) for parts in hours.values())
        done = 0
        for hour, parts in sorted(hours.items()):
            progress(done, total)
            done += len(parts.events) + len(parts.rollups)
            try:
                examined = HourExamined(self._files, hour, parts, self.report.parts)
            except FileNotFoundError:
                # Compacted or removed since we looked: the daemon runs.
                continue
            self.report.hours += 1
            self._hour(hour, parts, examined)
            if not examined.bad:
                counted[hour] = examined.counted
        progress(total, total)
        return counted

    def _days(self, catalog: Catalog, counted: dict[int, Entries]) -> None:
        for parts in catalog.days().values():
            if parts.file is None:
                continue
            try:
                sentence = examine_day(self._files, parts, counted, self.report.parts[DAYS])
            except FileNotFoundError:
                continue
            if sentence:
                self.bad[parts.file.part] = sentence
                self.report.problems.append(Problem(self._shown(parts.file.part.path), sentence))

    def _hour(self, hour: int, parts: HourParts, examined: HourExamined) -> None:
        for part, reason in examined.bad.items():
            self.bad[part] = reason
            self.report.problems.append(Problem(self._shown(part.path), reason))
        partition = self._shown(self._folder.partition(ROLLUPS, hour))
        if examined.missing or any(part.kind == ROLLUPS for part in examined.bad):
            self.lacking[hour] = partition
        for sentence in (examined.missing, examined.doubtful):
            if sentence:
                self.report.problems.append(Problem(partition, sentence))

    def _beside(self) -> None:
        for name in self._files.names(self._folder.path):
            if name not in _OURS and not name.startswith(f"{QUARANTINE}."):
                self.report.notes.append(Problem(name, "not of telemetryd: it is left alone"))
        quarantine = os.path.join(self._folder.path, QUARANTINE)
        for folder, folders, names in os.walk(quarantine):
            odd = [name for name in folders if os.path.islink(os.path.join(folder, name))]
            self.report.quarantine += [self._shown(os.path.join(folder, name)) for name in (*odd, *names)]
        self.report.quarantine.sort()

    def _shown(self, path: str) -> str:
        return os.path.relpath(path, self._folder.path)


def mended(report: Report, done: dict[str, str]) -> Report:
    """Return the report with what was done about each problem, by its path."""
    return replace(
        report, problems=[replace(each, mended=each.mended or done.get(each.path, "")) for each in report.problems]
    )


def check(files: Files, metrics_path: str, settings: Iterable[str], progress: Progress) -> Examination:
    """Return what is to be told of a store, all of it read; raises OSError."""
    if not files.leads_to_folder(metrics_path):
        raise NotADirectoryError(20, "expected a folder", metrics_path)

    def look() -> Examination:
        examination = Examination(metrics_path, settings)
        examination.run(progress)
        return examination

    return steady(look)
