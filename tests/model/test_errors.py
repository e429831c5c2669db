"""Every error of ours has one root, a word, and a sentence."""

from __future__ import annotations

import pytest

from telemetryd.model import errors
from telemetryd.model.errors import InvalidParameter, Rejected, SettingsError, TelemetrydError

KINDS = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, TelemetrydError)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_says_its_word(kind: type[TelemetrydError]) -> None:
    """The word is lower case and stable: it is a label and an error_type."""
    assert kind.word.replace("_", "").isalpha() and kind.word.islower()


def test_every_error_has_its_own_word() -> None:
    """Whoever counts by word tells them apart."""
    words = [kind.word for kind in KINDS if kind not in (TelemetrydError, Rejected)]
    assert len(words) == len(set(words))


def test_a_rejection_carries_its_reason() -> None:
    """The reason is what is counted."""
    rejection = Rejected("too_old", "timestamp: expected later, found earlier")
    assert (rejection.word, str(rejection)) == ("too_old", "timestamp: expected later, found earlier")
    assert Rejected.word == "error"


def test_a_wrong_parameter_names_itself_and_says_what_was_found() -> None:
    """One sentence: what was expected, what was found."""
    error = InvalidParameter("status", "one of pending, failed", "done")
    assert str(error) == "status: expected one of pending, failed, found 'done'"
    assert error.name == "status"


def test_wrong_settings_are_told_all_at_once() -> None:
    """One sentence a mistake."""
    error = SettingsError(["one is wrong", "so is two"])
    assert error.mistakes == ["one is wrong", "so is two"]
    assert str(error) == "one is wrong; so is two"
