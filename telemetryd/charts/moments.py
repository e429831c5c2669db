"""Instants and ranges in words, in UTC, without a locale."""

from __future__ import annotations

from datetime import UTC, datetime

from telemetryd.model.timerange import DAY

# 9999-12-30, 21:59:59: what is later orjson refuses to write, and soon there are no dates at all.
LATEST = 253_402_207_199
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def day(at: float) -> str:
    """Return the day of an instant in Unix seconds, such as ``24 Nov 2026``."""
    when = _utc(at)
    return f"{when.day} {_MONTHS[when.month - 1]} {when.year}"


def clock(at: float) -> str:
    """Return the time of day of an instant: ``08:00``, or ``08:00:30`` where the seconds are not 0."""
    when = _utc(at)
    return f"{when.hour:02}:{when.minute:02}" + (f":{when.second:02}" if when.second else "")


def moment(at: float) -> str:
    """Return an instant as ``24 Nov 2026, 08:00 UTC``."""
    return f"{day(at)}, {clock(at)} UTC"


def between(start: float, end: float) -> tuple[str, str]:
    """Return both ends of a range, what they share said once: ``24 Nov 2026, 08:00`` and ``09:00 UTC``."""
    if start // DAY == end // DAY:
        return f"{day(start)}, {clock(start)}", f"{clock(end)} UTC"
    if end % DAY == 0 and start // DAY == end // DAY - 1 and end > start:
        return f"{day(start)}, {clock(start)}", "24:00 UTC"
    first = day(start)
    if first[-4:] == day(end)[-4:]:
        first = first[:-5]
    return f"{first}, {clock(start)}", moment(end)


def span(start: float, end: float) -> str:
    """Return a range as ``24 Nov 2026, 08:00 – 09:00 UTC``."""
    return " – ".join(between(start, end))


def local_time(zone: str, utc_offset: int) -> str:
    """Return what a place's clocks show, as in ``local time is UTC+01:00 CET``."""
    sign, (hours, minutes) = "-" if utc_offset < 0 else "+", divmod(abs(utc_offset) // 60, 60)
    if not utc_offset:
        return "local time is UTC"
    # Zones without a name are called after their offset, which is there already.
    name = f" {zone}" if zone and not zone.startswith(("+", "-")) else ""
    return f"local time is UTC{sign}{hours:02}:{minutes:02}{name}"


def _utc(at: float) -> datetime:
    return datetime.fromtimestamp(min(max(int(at), 0), LATEST), UTC)
