"""Colours: the same everywhere, seen on both surfaces, and told apart by everybody."""

from __future__ import annotations

import math
from itertools import chain, combinations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetryd.charts.colours import (
    REST,
    backend_colour,
    health_colour,
    linear,
    oklab,
    series_colour,
    series_dash,
    status_colour,
)
from telemetryd.model.events import HEALTHS, STATUSES
from tests.charts.samples import BACKENDS, OPERATIONS

from .contrast import contrast, luminance

SURFACES = ("#ffffff", "#171d27")
WORDS = {
    "statuses": [status_colour(status) for status in STATUSES],
    "healths": [health_colour(health) for health in HEALTHS],
    "backends": [backend_colour(backend) for backend in BACKENDS],
}
# Machado, Oliveira and Fernandes 2009, severity 1: linear RGB as those see it who lack one kind of cone.
SIGHTS = {
    "all cones": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
# In OKLab; neighbouring steps of a fine grey scale are 0.02 apart, Okabe's and Ito's closest two 0.1.
FAR_ENOUGH = 0.1


@pytest.mark.parametrize("sight", SIGHTS)
@pytest.mark.parametrize("kind", WORDS)
def test_words_of_one_kind_look_different_to_everybody(kind: str, sight: str) -> None:
    """Any two statuses, healths or known backends are far apart, whichever cones somebody lacks."""
    seen = [oklab(*np.clip(SIGHTS[sight] @ linear(colour), 0, 1)) for colour in WORDS[kind]]
    assert min(math.dist(one, other) for one, other in combinations(seen, 2)) >= FAR_ENOUGH


@pytest.mark.parametrize("surface", SURFACES)
def test_every_colour_is_seen_on_both_surfaces(surface: str) -> None:
    """Words and known series have at least 3:1 against the light and the dark surface."""
    series = [series_colour(*key) for key in product(OPERATIONS, [*BACKENDS, "other", "unknown"])]
    greys = [backend_colour("other"), backend_colour("unknown"), REST]
    for colour in [*chain(*WORDS.values()), *greys, *series]:
        assert contrast(colour, surface) >= 3, colour


def test_known_series_have_colours_of_their_own() -> None:
    """No two of the known series have the same colour."""
    series = list(product(OPERATIONS, BACKENDS))
    assert len({series_colour(*key) for key in series}) == len(series) == 65


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_series_has_its_backends_hue(backend: str) -> None:
    """The hue of a series is that of its backend, but for a small turn."""
    wanted = hue(backend_colour(backend))
    for operation_type in OPERATIONS:
        turned = (hue(series_colour(operation_type, backend)) - wanted + 180) % 360 - 180
        assert abs(turned) < 18, operation_type


def test_lightness_and_dash_depend_on_the_operation_type_alone() -> None:
    """An operation type is as light, and dashed alike, on every backend."""
    for operation_type in OPERATIONS:
        lights = [luminance(series_colour(operation_type, backend)) for backend in BACKENDS]
        assert max(lights) - min(lights) < 0.01
        assert series_dash(operation_type) in ("solid", "dot", "dash", "dashdot", "longdash")


def test_names_without_a_colour_of_their_own_get_a_lasting_one() -> None:
    """A colour depends on the name alone: these are what every process and every release gives."""
    assert backend_colour("cluster-0") == "#7097c4"
    assert series_colour("defragment", "cluster-0") == series_colour("defragment", "cluster-0")
    assert len({backend_colour(f"cluster-{number}") for number in range(100)}) > 60


def test_what_has_no_name_is_grey() -> None:
    """``other`` and ``unknown`` have next to no chroma, and differ."""
    greys = [backend_colour("other"), backend_colour("unknown"), REST]
    assert max(math.hypot(*oklab(*linear(grey))[1:]) for grey in greys) < 0.03
    assert greys[0] != greys[1]
    assert status_colour("no status") == REST


@given(st.text(min_size=1, max_size=64), st.text(min_size=1, max_size=64))
def test_any_name_has_a_colour_that_is_seen(operation_type: str, backend: str) -> None:
    """Whatever a backend and an operation type are called, their colour can be seen on both surfaces."""
    for colour in (backend_colour(backend), series_colour(operation_type, backend)):
        assert min(contrast(colour, surface) for surface in SURFACES) >= 2.9


def hue(colour: str) -> float:
    _, a, b = oklab(*linear(colour))
    return math.degrees(math.atan2(b, a))
