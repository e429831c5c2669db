"""``telemetryd serve`` with a disk or a clock of a test's own: what programs that stand in for it share."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path

from telemetryd.config import load
from telemetryd.daemon import main
from telemetryd.storage.files import Files


def serve(arguments: list[str], files: Files | None = None, clock: Callable[[], float] = time.time) -> int:
    """Do what the command does with the flags that :class:`tests.end_to_end.daemon.Daemon` gives it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["serve"])
    for flag in ("--socket", "--http", "--metrics-path"):
        parser.add_argument(flag, required=True)
    parser.add_argument("--config", type=Path)
    given = parser.parse_args(arguments)
    flags = {
        "ingest.socket": ("--socket", given.socket),
        "http.listen": ("--http", given.http),
        "telemetry.metrics_path": ("--metrics-path", given.metrics_path),
    }
    return main(load(flags, os.environ, given.config), files, clock)
