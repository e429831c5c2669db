"""Any bytes at all, by Hypothesis: from nowhere, and from what is taken with something changed."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .seeds import SEEDS
from .targets import TARGETS

each_target = pytest.mark.parametrize("name", TARGETS)
_SCRAPS = (
    b'"',
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b",",
    b"\n",
    b"\0",
    b"=",
    b"&",
    b"%",
    b"-",
    b"1e999",
    b"null",
    b"\xff",
)


@st.composite
def changed(draw: st.DrawFn, seeds: tuple[bytes, ...]) -> bytes:
    """Bytes that a target takes, with some cut out, put in, doubled or replaced."""
    data = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 20)))
        between = draw(st.sampled_from(_SCRAPS) | st.binary(max_size=8) | st.just(data[start:end] * 2))
        data = data[:start] + between + data[end:]
    return data


@each_target
def test_seeds(name: str) -> None:
    """What is known to be taken, and what once was not, holds every claim."""
    for seed in SEEDS[name]:
        TARGETS[name](seed)


@each_target
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_any_bytes(name: str, data: st.DataObject) -> None:
    """The claims of the target hold: each is its docstring."""
    TARGETS[name](data.draw(st.binary(max_size=200) | changed(SEEDS[name])))


@each_target
def test_a_target_says_what_it_claims(name: str) -> None:
    """In one sentence."""
    assert (TARGETS[name].__doc__ or "").endswith(".")
