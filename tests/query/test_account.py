"""What a query says that it looked at."""

from __future__ import annotations

import pytest

from telemetryd.model.timerange import DAY, HOUR
from telemetryd.query.account import Account
from telemetryd.query.plan import FromDay
from telemetryd.rollup.build import build
from telemetryd.storage.day_file import DayFile
from telemetryd.storage.files import Files
from telemetryd.storage.folder import Folder
from telemetryd.storage.part_name import Part
from tests.rollup.samples import Row, columns, started


@pytest.mark.parametrize(("width", "told"), [(DAY, {"days": 1}), (HOUR, {"hours": 2}), (1800, {"half_hours": 4})])
def test_a_day_is_counted_by_the_width_of_its_rows(width: int, told: dict[str, int]) -> None:
    """As one day, or as its hours, or as their halves; its file is one."""
    account, file = Account(), DayFile(Part.named(Folder(Files(), "/data"), "days", 0, "day", 1, 2), {})
    account.note_day(FromDay(file, width, (0, HOUR)), known=False)
    assert {name: count for name, count in account.as_data().items() if count} == {**told, "files_read": 1}


def test_hours_are_counted_by_how_they_are_seen() -> None:
    """Whole, in halves, or as sampled; where rollups do not fit, by their events."""
    account = Account()
    for width in (HOUR, 1800, 60, 0):
        account.note_hour(width, [True, False])
    account.note_events(3)
    assert (account.hours, account.half_hours, account.hours_as_sampled, account.hours_from_events) == (1, 2, 2, 1)
    assert (account.files_remembered, account.files_read) == (4, 4 + 3)


def test_rows_and_cells_are_counted() -> None:
    """Those that are put together."""
    account, rows = Account(), build(columns([started(0), Row(5, "completed", "pending", 5.0)]), 60)
    account.note_rows(rows, rows)
    assert (account.rollup_rows, account.histogram_cells) == (len(rows.operations) + len(rows.queue), 1)
