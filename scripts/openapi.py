"""Print the OpenAPI document that the daemon serves: telemetryd/api/openapi.yaml as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

SOURCE = Path(__file__).resolve().parents[1] / "telemetryd" / "api" / "openapi.yaml"
# Holds what is said once and used elsewhere; by now it stands there.
SHARED = "x-shared"


def document() -> dict[str, Any]:
    """Return the document, whole."""
    found: dict[str, Any] = yaml.safe_load(SOURCE.read_text(encoding="utf-8"))
    del found[SHARED]
    return found


def text() -> str:
    """Return the document as it is served."""
    return json.dumps(document(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    print(text(), end="")
