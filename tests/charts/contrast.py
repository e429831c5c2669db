"""How light a colour is, and how well two are told apart, as WCAG has it."""

from __future__ import annotations

from telemetryd.charts.colours import linear


def luminance(colour: str) -> float:
    """Return the relative luminance of a ``#rrggbb`` colour, as WCAG defines it: 0 to 1."""
    red, green, blue = linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast of two ``#rrggbb`` colours, as WCAG defines it: 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)
