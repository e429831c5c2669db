"""The table on a terminal, and ``docs/benchmarks.md``."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from types import ModuleType

from .lines import Account, Line, middle, spread

_HEAD = ("measured", "unit", "telemetryd", "spread", "against", "theirs", "spread", "ratio", "spread", "goal", "met")
_RIGHT = {2, 5, 7}
_MET = {True: "yes", False: "**no**", None: ""}

_OPENING = """# Benchmarks

telemetryd beside what people would use instead: measured in one run, in alternation, on one machine. Made by `{command}`; the next run writes it anew.

A ratio above 1 × means that telemetryd takes less, or does more. Figures are medians of {rounds}; spreads are the least and the most. Compare ratios, and digits only on the same machine.

{machine}

## The table

{table}
"""


def cells(line: Line) -> list[str]:
    """Return a line of the table, column by column."""
    ratio = f"{middle(line.ratios)} ×" if line.ratios else line.missing
    return [
        line.what,
        line.unit,
        middle(line.ours),
        spread(line.ours),
        line.against,
        middle(line.theirs) if line.theirs else "",
        spread(line.theirs),
        ratio,
        spread(line.ratios),
        "" if line.goal is None else str(line.goal),
        _MET[line.met],
    ]


def table(accounts: Mapping[str, Account], *, padded: bool = True) -> str:
    """Return all lines as a table in Markdown; ``padded`` for people who read it as it is."""
    rows = [list(_HEAD), *(cells(line) for account in accounts.values() for line in account.lines)]
    widths = [max(len(row[at]) for row in rows) if padded else 0 for at in range(len(_HEAD))]

    def joined(row: list[str]) -> str:
        fitted = [
            cell.rjust(width) if at in _RIGHT else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        return f"| {' | '.join(fitted)} |"

    rule = [("-" * max(2, width - 1) + ":") if at in _RIGHT else "-" * max(3, width) for at, width in enumerate(widths)]
    return "\n".join(
        [joined(rows[0]), f"|{'|'.join(f' {each} ' if padded else each for each in rule)}|", *map(joined, rows[1:])]
    )


def document(
    accounts: Mapping[str, Account], rows: Mapping[str, ModuleType], machine: Mapping[str, str], command: str, when: str
) -> str:
    """Return the page: the machine, the table, what each row is, and what rows tell besides."""
    facts = {"date": when, **machine, "command": f"`{command}`"}
    machine_table = "\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in facts.items())])
    several = {len(line.ours) for account in accounts.values() for line in account.lines if len(line.ours) > 1}
    rounds = f"{min(several)} to {max(several)} rounds" if several else "one round"
    parts = [
        _OPENING.format(command=command, machine=machine_table, table=table(accounts, padded=False), rounds=rounds),
        "## What each row is\n",
    ]
    for name, account in accounts.items():
        title, _, rest = (inspect.getdoc(rows[name]) or "").partition("\n")
        parts.append(
            f"### {title.rstrip('.').replace('``', '`')}\n\n{_flowing(rest)}\n\n```\nscripts/bench --only {name}\n```\n"
        )
        if account.text:
            parts.append(f"{account.text}\n")
    return "\n".join(parts)


def _flowing(text: str) -> str:
    paragraphs = text.replace("``", "`").strip().split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
