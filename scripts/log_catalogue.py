#!/usr/bin/env python3
"""Print the table of docs/logs.md: every line that the daemon can write, from the types that are behind them."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from msgspec.structs import fields

from telemetryd import instrumentation
from telemetryd.instrumentation.events import InternalEvent


def kinds() -> list[type[InternalEvent]]:
    """Return the types of all internal events, module by module, in the order they are declared."""
    return [
        each
        for module in sorted(pkgutil.iter_modules(instrumentation.__path__), key=_place)
        for each in vars(importlib.import_module(f"{instrumentation.__name__}.{module.name}")).values()
        if isinstance(each, type) and InternalEvent in each.__bases__ and each.__module__.endswith(f".{module.name}")
    ]


def table() -> str:
    """Return the kinds as a Markdown table."""
    lines = ["| kind | level | line | values | when |", "|---|---|---|---|---|"]
    for kind in kinds():
        values = ", ".join(f"`{each.name}`" for each in fields(kind))
        level = f"{kind.level}, thinned" if kind.quiet else kind.level
        lines.append(f"| `{kind.__name__}` | {level} | {kind.says} | {values} | {_when(kind)} |")
    return "\n".join(lines) + "\n"


def _place(module: pkgutil.ModuleInfo) -> tuple[bool, str]:
    """Put the module of the daemon's own life first."""
    return module.name != "events", module.name


def _when(kind: type[InternalEvent]) -> str:
    """Return the first paragraph of a kind's docstring, in one line of Markdown."""
    words = " ".join((inspect.getdoc(kind) or "").partition("\n\n")[0].split())
    return words.replace("``", "`").replace("|", "\\|")


if __name__ == "__main__":
    print(table(), end="")
