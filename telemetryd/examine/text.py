"""Reports and views as people read them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from .findings import Report

HOW_TO_MEND = "telemetryd fsck --repair sets aside what is bad and makes rollups anew from their events"


def report_lines(report: Report, *, repaired: bool) -> Iterator[str]:
    """Yield the lines of what `telemetryd fsck` found."""
    yield printable(report.metrics_path)
    if report.held_by:
        yield f"  in use by process {report.held_by}: a moving picture, and nothing is changed"
    for kind, found in report.parts.items():
        unchecked = f", {found.unchecked} of format 1, without checksums" if found.unchecked else ""
        yield f"  {kind:<8} {_count(found.files, 'file')}, {_count(found.rows, 'row')}, {_bytes(found.bytes)}{unchecked}"
    segments = report.segments
    events, size = sum(each.events for each in segments), sum(each.size for each in segments)
    yield f"  journal  {_count(len(segments), 'segment')}, {_count(events, 'event')}, {_bytes(size)}"
    for each in report.problems:
        yield f"  PROBLEM  {printable(each.path)}: {printable(each.found)}"
        if each.mended:
            yield f"           {each.mended}"
    for each in report.notes:
        yield f"  note     {printable(each.path)}: {each.found}"
    for path in report.quarantine:
        yield f"  set aside earlier: {printable(path)}"
    yield _verdict(report, repaired=repaired)


def _verdict(report: Report, *, repaired: bool) -> str:
    count = len(report.problems)
    if not count:
        return "clean"
    if not repaired:
        return f"{_count(count, 'problem')}; {HOW_TO_MEND}"
    left = [each for each in report.problems if not each.mended]
    return f"{_count(count, 'problem')}, {count - len(left)} mended or set aside, {len(left)} left"


def view_lines(view: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of what `telemetryd inspect` shows."""
    yield from {"store": _store, "segment": _segment}.get(view["kind"], _part)(view)


def printable(text: str) -> str:
    """Return text without what would move a terminal: a name in a folder can be any bytes."""
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape", "surrogatepass").decode() for each in text
    )


def _store(view: dict[str, Any]) -> Iterator[str]:
    events, rollups = view["events"], view["rollups"]
    yield f"store {view['metrics_path']}"
    yield f"  in use by   {'process ' + view['in_use_by_process'] if view['in_use_by_process'] else 'nobody'}"
    each = f", {events['bytes_per_row']:.1f} bytes a row" if events["bytes_per_row"] is not None else ""
    yield f"  events      {_count(events['files'], 'file')}, {_count(events['rows'], 'row')}, {_bytes(events['bytes'])}{each}"
    yield f"  rollups     {_count(rollups['files'], 'file')}, {_bytes(rollups['bytes'])}"
    yield f"  days        {_count(view['days']['files'], 'file')}, {_bytes(view['days']['bytes'])}"
    yield f"  sequences   up to {view['last_sequence']:,}"
    yield f"  quarantine  {_count(view['quarantine'], 'file')}"
    if view["books"]:
        yield f"  books       {_books(view['books'])}"
    yield "journal"
    for segment in view["journal"]:
        told = "cannot be read" if segment["events"] is None else _count(segment["events"], "event")
        yield f"  {printable(segment['name']):<30} {_bytes(segment['bytes']):>16}  {told}"
    yield "hours (UTC)"
    for hour in view["hours"]:
        rows = sum(part["rows"] or 0 for part in hour["events"])
        told = (
            f"{_count(len(hour['events']), 'events file')}, {_count(rows, 'row')}, "
            f"{_bytes(sum(part['bytes'] for part in hour['events']))}; {_count(len(hour['rollups']), 'rollup')}, "
            f"{_bytes(sum(part['bytes'] for part in hour['rollups']))}"
        )
        yield f"  {hour['hour']}  {told}"


def _segment(view: dict[str, Any]) -> Iterator[str]:
    checkpoint = view["checkpoint"]
    yield f"segment {printable(view['path'])}"
    yield f"  {'closed' if view['closed'] else 'active'}, {_bytes(view['bytes'])}"
    kept = "kept in detail" if checkpoint["detailed"] else "kept as rollups only"
    yield f"  checkpoint  before sequence {checkpoint['sequence']}, {_bytes(checkpoint['state_bytes'])} of state; its rows are {kept}"
    if checkpoint["books"]:
        yield f"  books       {_books(checkpoint['books'])}"
    for kind, tally in view["records"].items():
        yield f"  {kind:<11} {_count(tally['records'], 'record')}, {_count(tally['events'], 'event')}"
    yield f"  torn        {_bytes(view['torn_bytes'])} at its end"
    yield f"  damaged     {_bytes(view['damaged_bytes'])} before that"
    for record in view["first_records"]:
        last = record["first_sequence"] if record["last_sequence"] is None else record["last_sequence"]
        span = f"{record['first_sequence']} to {last}"
        if record["kind"] == "events":
            who = f"{printable(record['producer'])} batch {record['batch']}" if record["batch"] else "plain lines"
            told = f"{_time(record['received'])}  {who}, {_count(record['events'], 'event')}, {_bytes(record['bytes'])}"
        else:
            told = f"{_time(record['at'])}  {_count(record['events'], 'operation')}"
        yield f"  {record['kind']:<11} {span:<20} {told}"


def _books(books: dict[str, int]) -> str:
    """Return the account of the process that began a segment, as it was then."""
    received, *rest = ((word.replace("_", " "), number) for word, number in books.items())
    return f"{received[0]} {received[1]:,} = {' + '.join(f'{word} {number:,}' for word, number in rest)}"


def _part(view: dict[str, Any]) -> Iterator[str]:
    yield f"{view['kind']} part {printable(view['path'])}"
    checksum = {
        None: "without a checksum",
        "right": "its footer's checksum is right",
        "wrong": "ITS FOOTER'S CHECKSUM IS WRONG",
    }
    yield f"  {_bytes(view['bytes'])}, format {view['format']}, {checksum[view['footer_checksum']]}"
    if view["place"]:
        yield f"  belongs at  {view['place']}{'' if view['in_its_place'] else ' (it is elsewhere)'}"
    each = f", {view['bytes'] / view['rows']:.1f} bytes a row" if view["rows"] else ""
    yield f"  rows        {view['rows']:,} in {_count(view['row_groups'], 'row group')}{each}"
    for name in ("timestamp", "sequence"):
        if view[name]:
            yield f"  {name:<11} {view[name][0]} to {view[name][1]}"
    width = max(len(column["name"]) for column in view["columns"])
    for column in view["columns"]:
        share = 100 * column["bytes"] / view["bytes"]
        yield f"  {column['name']:<{width}}  {column['bytes']:>12,} bytes {share:5.1f} %  {column['type']}, {', '.join(column['encodings'])}"
    for row in view["first_rows"]:
        yield "  " + printable(", ".join(f"{name}={value}" for name, value in row.items() if value is not None))


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _bytes(number: int) -> str:
    return _count(number, "byte")


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
