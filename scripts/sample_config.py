#!/usr/bin/env python3
"""Print config/telemetryd.toml, or with --markdown the README's table, from the settings as they are declared."""

from __future__ import annotations

import argparse
import sys
import textwrap
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from telemetryd.model.setting import Setting
from telemetryd.model.settings import Settings, declared

HEAD = """\
# The settings of telemetryd, each at its default.
#
# Give this file with `telemetryd serve --config FILE`. A flag wins over an environment variable, that
# over what POST /config stored, that over this file. `telemetryd check-config --config FILE` says what
# is in force and why, and finds every mistake at once.
#
# Written by scripts/sample_config.py."""


def sample() -> str:
    """Return the sample file: TOML in which every setting has its default."""
    lines = [HEAD]
    section = ""
    for setting in declared():
        if setting.section != section:
            section = setting.section
            lines.append(f"\n# {getattr(Settings(), section).__doc__}\n[{section}]\n")
        lines += textwrap.wrap(
            setting.description, 98, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False
        )
        facts = [facts_of(setting), f"changes {setting.changes}", setting.environment]
        lines.append(f"# ({'; '.join(fact for fact in facts if fact)})")
        lines.append(f"{setting.key} = {value(setting)}\n")
    return "\n".join(lines).rstrip() + "\n"


def table() -> str:
    """Return the settings as a Markdown table."""
    lines = ["| setting | default | | environment | changes |", "|---|---|---|---|---|"]
    for setting in declared():
        bounds = f" ({facts_of(setting)})" if facts_of(setting) else ""
        cells = [f"`{setting.name}`", f"`{value(setting)}`{bounds}", setting.description]
        lines.append(f"| {' | '.join([*cells, f'`{setting.environment}`', setting.changes])} |")
    return "\n".join(lines) + "\n"


def facts_of(setting: Setting) -> str:
    """Return choices, or bounds and unit, such as ``1 to 3600 s``; empty where there are none."""
    if setting.choices:
        return ", ".join(setting.choices)
    if setting.minimum is None or setting.maximum is None:
        return setting.unit
    return f"{setting.minimum:.0f} to {setting.maximum:.0f} {setting.unit}".rstrip()


def value(setting: Setting) -> str:
    """Return the default as TOML writes it."""
    if isinstance(setting.default, bool):
        return str(setting.default).lower()
    if isinstance(setting.default, tuple):
        return "[" + ", ".join(f'"{word}"' for word in setting.default) + "]"
    return f'"{setting.default}"' if isinstance(setting.default, str) else str(setting.default)


def main() -> None:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--markdown", action="store_true", help="print the table of README.md instead")
    print(table() if parser.parse_args().markdown else sample(), end="")


if __name__ == "__main__":
    main()
