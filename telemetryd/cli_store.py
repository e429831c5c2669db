"""The commands that look at a store from outside: ``fsck`` and ``inspect``.

Exit codes: 0 clean or shown, 1 something is wrong (for ``fsck`` also where ``--repair`` mended it),
2 a mistake in a flag or a setting, or a store that cannot be looked at.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .config import Configuration, load
from .model.errors import CorruptFile, SettingsError, StorageError

DONE = 0
WRONG = 1
BAD_USAGE = 2
METRICS_PATH = "telemetry.metrics_path"

FSCK_EXAMPLES = """\
examples:
  telemetryd fsck
      look at the store of the settings in force, and change nothing
  telemetryd fsck --metrics-path /var/lib/telemetryd --json | jq '.problems'
      the same of another one, as data
  systemctl stop telemetryd && telemetryd fsck --repair
      mend it; no daemon may have it in use

Reads every byte: segments of the journal, parts with their checksums, the order of rows, and
whether rollups count what events tell. --repair sets aside what is bad in quarantine/, where
nothing is ever written over or removed, and makes rollups anew from their events; a damaged
segment is left to the daemon, which replays all of it that is whole.

Exits with 0 where all is well, with 1 where something is wrong (also where it has just been
mended: look again), with 2 for a mistake in a flag or a setting, or a store that is in use.
"""
INSPECT_EXAMPLES = """\
examples:
  telemetryd inspect
      the store of the settings in force: hours, files, sizes, the journal
  telemetryd inspect /var/lib/telemetryd/journal/00000000000000000001.active --records 5
      one segment: its checkpoint and its first records
  telemetryd inspect --rows 3 /var/lib/telemetryd/events/date=2026-11-23/hour=10/hour-*.parquet
      one part: its columns, what each takes, its first rows
  telemetryd inspect --json | jq '.events'
      as data

Changes nothing, and may be used while the daemon runs. Exits with 1 where the path holds
something that cannot be read, with 2 for a mistake in a flag or a setting.
"""


def fsck(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Report on a store, and mend it where that was asked for."""
    configuration = _configuration(options, environ)
    if configuration is None:
        return BAD_USAGE
    from .examine.repair import repair
    from .examine.store import check
    from .examine.text import report_lines
    from .storage.files import Files

    telemetry = configuration.settings.telemetry
    common = (Files(), telemetry.metrics_path, configuration.notices)
    try:
        # Before a lock would make the folder.
        if not os.path.isdir(telemetry.metrics_path):
            raise StorageError(f"{telemetry.metrics_path}: expected the folder of a store, found none")
        with Progress(sys.stderr) as progress:
            if options.repair:
                report = repair(*common, telemetry.sampling_interval, progress)
            else:
                report = check(*common, progress).report
    except (StorageError, OSError) as error:
        print(error, file=sys.stderr)
        return BAD_USAGE
    _print(report.as_data(), report_lines(report, repaired=options.repair), as_json=options.json)
    return DONE if report.clean else WRONG


def inspect(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Show a store, a segment or a part."""
    path = options.path
    if path is None:
        configuration = _configuration(options, environ)
        if configuration is None:
            return BAD_USAGE
        path = configuration.settings.telemetry.metrics_path
    if not os.path.lexists(path):
        print(f"{path}: expected a store, a segment or a part, found nothing", file=sys.stderr)
        return BAD_USAGE
    from .examine import view
    from .examine.text import view_lines

    try:
        shown = view.inspect(path, options.rows, options.records)
    except (CorruptFile, OSError) as error:
        print(error, file=sys.stderr)
        return WRONG
    _print(shown, view_lines(shown), as_json=options.json)
    return DONE


def add_commands(commands: Any, command: Callable[..., argparse.ArgumentParser]) -> None:
    """Add both commands to the parser; ``command`` makes one."""
    checking = command(commands, "fsck", fsck, "check a store, and mend it with --repair", FSCK_EXAMPLES)
    checking.add_argument("--repair", action="store_true", help="set aside what is bad, make rollups anew")
    looking = command(commands, "inspect", inspect, "show a store, a segment or a part", INSPECT_EXAMPLES)
    looking.add_argument("path", metavar="PATH", nargs="?", help="a store's folder, a segment or a part")
    looking.add_argument("--rows", metavar="N", type=_number, default=0, help="show the first N rows of a part")
    looking.add_argument(
        "--records", metavar="N", type=_number, default=10, help="show the first N records of a segment (10)"
    )
    for each in (checking, looking):
        each.add_argument("--metrics-path", metavar="DIR", help="folder of all that is stored (telemetry.metrics_path)")


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"expected a number, found {text!r}")
    return int(text)


def _configuration(options: argparse.Namespace, environ: Mapping[str, str]) -> Configuration | None:
    flags = {METRICS_PATH: ("--metrics-path", options.metrics_path)} if options.metrics_path is not None else {}
    try:
        return load(flags, environ, options.config)
    except SettingsError as error:
        print(*error.mistakes, sep="\n", file=sys.stderr)
        return None


def _print(data: Mapping[str, Any], lines: Iterable[str], *, as_json: bool) -> None:
    text = json.dumps(data, indent=2, default=str) if as_json else "\n".join(lines)
    try:
        print(text, flush=True)
    except BrokenPipeError:
        # Whoever read it has seen enough; Python must not try again at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class Progress:
    """Says how far it is, on a terminal in place and elsewhere now and then, once it takes longer than a moment."""

    def __init__(self, stream: Any, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._live = stream.isatty()
        self._next = clock() + (1.0 if self._live else 10.0)
        self._shown = False

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *error: object) -> None:
        if self._shown and self._live:
            self._stream.write("\r\x1b[K")
            self._stream.flush()

    def __call__(self, done: int, total: int) -> None:
        if self._clock() < self._next:
            return
        self._next = self._clock() + (0.2 if self._live else 10.0)
        self._shown = True
        text = f"checked {done:,} of {total:,} parts"
        self._stream.write(f"\r{text}" if self._live else f"{text}\n")
        self._stream.flush()
