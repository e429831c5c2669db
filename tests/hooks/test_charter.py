from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_importing_the_hooks_costs_the_standard_library_and_msgspec() -> None:
    """A WAL that imports the hooks gets nothing else into its process: of ours only the model."""
    program = """
import json, sys
import msgspec
before = set(sys.modules)
import telemetryd.hooks
print(json.dumps(sorted(set(sys.modules) - before)))
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", program]
    found = subprocess.run(command, env=environment, check=True, capture_output=True, text=True, timeout=60)
    imported = json.loads(found.stdout)
    ours = {name for name in imported if name.partition(".")[0] == "telemetryd"}
    assert "telemetryd.hooks.sender" in ours
    assert all(name == "telemetryd" or name.startswith(("telemetryd.hooks", "telemetryd.model")) for name in ours)
    assert {name.partition(".")[0] for name in imported} - {"telemetryd"} <= sys.stdlib_module_names
    assert not {"asyncio", "logging", "subprocess"} & set(imported), "not even what is large of the standard library"
