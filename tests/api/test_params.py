"""Query parameters: once each, known, of their type, within their bounds."""

from __future__ import annotations

import pytest
from aiohttp.test_utils import make_mocked_request

from telemetryd.api.params import choice, number, parameters
from telemetryd.model.errors import InvalidParameter

KNOWN = ("window", "limit")


def test_known_parameters_are_returned_as_they_are() -> None:
    """Known names and their decoded values come back, empty ones too."""
    assert parameters(make_mocked_request("GET", "/?window=a%20b&limit="), KNOWN) == {"window": "a b", "limit": ""}


def test_an_unknown_parameter_names_the_nearest() -> None:
    """A misspelt name is answered with what was probably meant, and with all that could be."""
    with pytest.raises(InvalidParameter, match=r"windw: .*did you mean window\?.*window, limit") as caught:
        parameters(make_mocked_request("GET", "/?windw=1"), KNOWN)
    assert caught.value.name == "windw"
    with pytest.raises(InvalidParameter, match="expected no parameter"):
        parameters(make_mocked_request("GET", "/?windw=1"), ())


def test_a_repeated_parameter_is_refused() -> None:
    """A name given twice has no meaning, even with equal values."""
    with pytest.raises(InvalidParameter, match="window: expected to be given once"):
        parameters(make_mocked_request("GET", "/?window=1&window=1"), KNOWN)


@pytest.mark.parametrize(("text", "value"), [("1", 1.0), ("10", 10.0), ("2.5", 2.5), ("1e1", 10.0)])
def test_numbers_within_bounds(text: str, value: float) -> None:
    """A finite number between the bounds, both included, is taken."""
    assert number({"window": text}, "window", 5.0, 1, 10, "seconds") == value


@pytest.mark.parametrize("text", ["", "x", "nan", "inf", "-inf", "0.99", "10.01", "1,5", "0x5", "9" * 5000])
def test_other_numbers_are_refused(text: str) -> None:
    """What is no number, not finite, or beyond a bound is named with the bounds."""
    with pytest.raises(InvalidParameter, match="window: expected seconds from 1 to 10"):
        number({"window": text}, "window", 5.0, 1, 10, "seconds")


def test_what_is_not_given_is_the_default() -> None:
    """A parameter that is missing has its default."""
    assert number({}, "window", 5.0, 1, 10, "seconds") == 5.0
    assert choice({}, "format", ("json", "csv"), "json") == "json"


def test_a_choice_is_one_of_its_words() -> None:
    """A word that is no choice is answered with all that are."""
    assert choice({"format": "csv"}, "format", ("json", "csv"), "json") == "csv"
    for word in ("CSV", "", "xml"):
        with pytest.raises(InvalidParameter, match="format: expected one of json, csv"):
            choice({"format": word}, "format", ("json", "csv"), "json")
