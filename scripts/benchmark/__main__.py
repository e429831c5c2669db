"""``scripts/bench``: measure all rows or some, print the table, and write ``docs/benchmarks.md``."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

from measured_daemon import ROOT

from . import growth, hook_calls, ingest, machine, producer_cost, queries, realtime, size, stages, start, stores
from .document import document, table
from .lines import Account
from .run import Cores, Progress, Run
from .sizes import FULL, QUICK, TINY, Sizes
from .stores import Store

ROWS: dict[str, ModuleType] = {
    "hooks": hook_calls,
    "producer": producer_cost,
    "ingest": ingest,
    "stages": stages,
    "queries": queries,
    "realtime": realtime,
    "size": size,
    "start": start,
    "growth": growth,
}
# About how many seconds of a full run: what the bar goes by.
_WEIGHTS = {
    "stores": 140, "hooks": 30, "producer": 100, "ingest": 110, "stages": 30, "queries": 50, "realtime": 25, "size": 40, "start": 25,
    "growth": 70,
}  # fmt: skip
_PAGE = Path("docs", "benchmarks.md")
_IMAGES = Path("docs", "images")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write."""
    options = parse(arguments)
    sizes = TINY if options.tiny else QUICK if options.quick else FULL
    chosen = {name: row for name, row in ROWS.items() if not options.only or name in options.only}
    facts = machine.facts()
    with tempfile.TemporaryDirectory(prefix="td-") as name:
        folder = Path(name)
        stored = ["stores"] if needed(chosen, sizes) else []
        progress = Progress({name: _WEIGHTS[name] for name in (*stored, *chosen)})
        run = Run(sizes, folder, folder / "stores", Cores.of_this_machine(), progress.step)
        if stored:
            progress.begin("stores")
            make_stores(run, needed(chosen, sizes), options.store)
        accounts: dict[str, Account] = {}
        for name, row in chosen.items():
            progress.begin(name)
            accounts[name] = row.measure(run)
        progress.end()
    if options.json:
        lines = {name: [line.as_data() for line in account.lines] for name, account in accounts.items()}
        print(json.dumps({"machine": facts, "rows": lines}, indent=2))
    else:
        print(table(accounts))
        print(*(f"\n{account.text}" for account in accounts.values() if account.text), sep="\n")
    if options.write or (sizes is FULL and not options.only):
        write(accounts, chosen, facts, options)
    return 0


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the options; ``scripts/bench --help`` explains them."""
    parser = argparse.ArgumentParser(prog="scripts/bench", add_help=False)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--tiny", action="store_true")
    parser.add_argument("--only", action="append", choices=ROWS, metavar="ROW")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--store", type=Path, metavar="DIR")
    return parser.parse_args(arguments)


def needed(rows: dict[str, ModuleType], sizes: Sizes) -> list[Store]:
    """Return the stores that the rows ask for."""
    if not stores.PROGRAM.exists():
        return []
    wanted = []
    if rows.keys() & {"queries", "start"}:
        wanted.append(Store(sizes.days, sizes.operations_a_day))
    if "growth" in rows:
        wanted += [*growth.by_days(sizes), *growth.by_series(sizes)]
    return wanted


def make_stores(run: Run, wanted: Sequence[Store], kept: Path | None) -> None:
    """Make stores for the run, from those that are kept where somebody keeps any."""
    folder = kept or run.stores
    folder.mkdir(parents=True, exist_ok=True)
    stores.make(folder, wanted, run.step)
    if kept:
        stores.taken(kept, run.stores, wanted)


def write(
    accounts: dict[str, Account], rows: dict[str, ModuleType], facts: dict[str, str], options: argparse.Namespace
) -> None:
    """Write the page and its pictures."""
    sizes = ["--tiny"] * options.tiny + ["--quick"] * options.quick
    only = [word for name in options.only or () for word in ("--only", name)]
    command = shlex.join(["scripts/bench", *sizes, *only])
    when = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    (ROOT / _IMAGES).mkdir(exist_ok=True)
    for account in accounts.values():
        if account.draw is not None:
            account.draw(ROOT / _IMAGES)
    (ROOT / _PAGE).write_text(document(accounts, rows, facts, command, when))
    print(f"written: {_PAGE}", file=sys.stderr)


if __name__ == "__main__":
    os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT / "scripts"), str(ROOT)])
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
