"""Light and dark: all that differs between them, and nothing heavy to import."""

from __future__ import annotations

import subprocess
import sys

import plotly.graph_objects as go
import pytest

from telemetryd.charts.colours import linear, oklab
from telemetryd.charts.drawing import THEMES as NAMES
from telemetryd.charts.theme import THEMES, template

from .contrast import contrast

each_theme = pytest.mark.parametrize("theme", NAMES)


@each_theme
def test_plotly_takes_the_template(theme: str) -> None:
    """Every attribute of a template is one that Plotly knows, with a value that it may have."""
    go.Figure(layout={"template": template(theme)})


@each_theme
def test_text_can_be_read(theme: str) -> None:
    """Ink and muted text have at least 4.5:1 against the surface, lines are fainter than any text."""
    look = THEMES[theme]
    assert contrast(look.ink, look.surface) > contrast(look.muted, look.surface) >= 4.5
    assert contrast(look.line, look.surface) < 1.6


@each_theme
def test_heat_grows_evenly(theme: str) -> None:
    """More heat is further from the surface, step by step, and the least can be told from no value at all."""
    look = THEMES[theme]
    ground = oklab(*linear(look.surface))[0]
    distances = [abs(oklab(*linear(colour))[0] - ground) for colour in look.heat]
    assert distances == sorted(distances)
    assert distances[0] > 0.05


def test_themes_differ_in_colours_alone() -> None:
    """Both templates have the same shape, so that one can be put in the place of the other."""
    assert shape(template("light")) == shape(template("dark"))
    assert template("light") != template("dark")


def test_theme_needs_nothing_that_draws() -> None:
    """The daemon has the theme without plotly, pandas or orjson."""
    code = "import sys, telemetryd.charts.theme; print(*({'plotly', 'pandas', 'orjson', 'kaleido'} & set(sys.modules)))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == ""


def shape(value: object) -> object:
    if isinstance(value, dict):
        return {key: shape(part) for key, part in value.items()}
    if isinstance(value, list):
        return [shape(part) for part in value]
    return "#" if isinstance(value, str) and value.startswith("#") else value
