"""The command line of a campaign; ``scripts/torture`` calls it, and has the help."""

from __future__ import annotations

import argparse
import dataclasses
import json
import secrets
import shutil
import sys
import tempfile
import time
from pathlib import Path

from .campaign import Campaign, Outcome


def main() -> int:
    """Run a campaign and print its account."""
    parser = argparse.ArgumentParser(prog="scripts/torture", add_help=False)
    parser.add_argument("--cycles", type=_positive, default=100, metavar="N")
    parser.add_argument("--seed", type=int, default=None, metavar="N")
    parser.add_argument("--faults", action="store_true")
    parser.add_argument("--fault-chance", type=float, default=0.005, metavar="P")
    parser.add_argument("--folder", type=Path, metavar="DIR")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    seed = secrets.randbelow(10**9) if options.seed is None else options.seed
    folder = Path(tempfile.mkdtemp(prefix="torture-", dir=options.folder))
    print(f"seed {seed}, in {folder}", file=sys.stderr, flush=True)
    campaign = Campaign(folder, options.cycles, seed, fault_chance=options.fault_chance if options.faults else 0.0)
    progress = Progress(options.cycles)
    outcome = campaign.run(progress)
    progress.end()
    print(json.dumps(dataclasses.asdict(outcome), indent=2) if options.json else "\n".join(lines(outcome)))
    if outcome.failures or options.keep:
        print(f"the run's folder is kept: {folder}", file=sys.stderr)
    else:
        shutil.rmtree(folder)
    return 1 if outcome.failures else 0


def lines(outcome: Outcome) -> list[str]:
    """Return the account as people read it."""
    account = outcome.account
    ends = ", ".join(f"{count:,} by {end}" for end, count in sorted(outcome.ends.items()))
    return [
        f"cycles          {outcome.cycles:,} in {outcome.seconds:,.0f} s: {ends}",
        f"besides         {outcome.stopped:,} times stopped and resumed, {outcome.producers_killed:,} producers killed",
        f"faults          {outcome.faults:,} calls of the disk failed, {outcome.refused_starts:,} starts were refused",
        f"acknowledged    {account.acknowledged:,} events",
        f"stored          {account.stored:,} events",
        f"lost            {account.lost:,}",
        f"duplicated      {account.duplicated:,}",
        f"invented        {account.invented:,}",
        f"answers         {outcome.answers:,} numbers compared",
        f"books           {', '.join(f'{word} {count:,}' for word, count in outcome.books.items())}",
        *(f"FAILURE         {each}" for each in outcome.failures),
        "right" if not outcome.failures else f"{len(outcome.failures)} failures",
    ]


class Progress:
    """Says how far a campaign is: on a terminal in place, elsewhere twice a minute."""

    def __init__(self, cycles: int) -> None:
        self._cycles = cycles
        self._live = sys.stderr.isatty()
        self._next = 0.0

    def __call__(self, outcome: Outcome) -> None:
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + (0.2 if self._live else 30.0)
        done = outcome.cycles / self._cycles
        left = outcome.seconds / done - outcome.seconds
        bar = "#" * round(30 * done)
        text = f"[{bar:<30}] {outcome.cycles:,} of {self._cycles:,} cycles, {left / 60:.0f} min left"
        print(f"\r{text}" if self._live else text, end="" if self._live else "\n", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Leave the line."""
        if self._live:
            print("\r\x1b[K", end="", file=sys.stderr)


def _positive(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a number of at least 1, found {text!r}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
