"""A day of a few compacted hours."""

from __future__ import annotations

from telemetryd.model.timerange import DAY
from telemetryd.storage import compactor
from telemetryd.storage.catalog import Catalog
from telemetryd.storage.files import Files
from telemetryd.storage.folder import Folder

from .samples import INTERVAL, frozen_of, sealed

# The beginning of a day, and what is later than all of it.
MIDNIGHT = 1_700_000_000 // DAY * DAY
LATER = MIDNIGHT + 2 * DAY


def day_of(files: Files, folder: Folder, *, hours: int = 3, interval: int = INTERVAL) -> Catalog:
    """Return a catalog of the first hours of a day, each with 40 rows, compacted."""
    heads = [frozen_of(40, 1 + 40 * number, MIDNIGHT + 3600 * number) for number in range(hours)]
    catalog = Catalog(files, sealed(files, folder, *heads, interval=interval))
    compact(files, folder, catalog, interval)
    return catalog


def compact(files: Files, folder: Folder, catalog: Catalog, interval: int = INTERVAL) -> None:
    """Compact all hours."""
    for merge in compactor.plan(catalog.view(), LATER, 0):
        merged = compactor.merge(files, folder, merge, interval)
        catalog.replace(merged.hour, merged.old, merged.new)
        compactor.remove(files, folder, merged.old)
