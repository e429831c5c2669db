"""What can be seen of a figure in its picture: the colours of its traces."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from PIL import Image

from telemetryd.rollup.columns import Array

# Colours are mixed at edges, and one that is drawn over another is a little of both.
NEAR = 24


def pixels(png: bytes) -> Array:
    """Return the picture as rows of red, green and blue."""
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), np.int32)


def colours_of(traces: Iterable[Mapping[str, Any]]) -> set[str]:
    """Return the colours of traces: of bars, dots, lines and areas; those that shine through left out."""
    parts = [part for trace in traces for part in (trace, trace.get("marker", {}), trace.get("line", {}))]
    found = [part.get(name) for part in parts for name in ("color", "fillcolor")]
    return {each for each in found if isinstance(each, str) and each.startswith("#")}


def near(seen: Array, colour: str) -> Array:
    """Return where pixels are of a colour, or nearly."""
    wanted = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)])
    found: Array = np.abs(seen - wanted).max(axis=-1) <= NEAR
    return found
