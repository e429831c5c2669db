"""What a scrape tells never changes under it."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields

import pytest

from telemetryd.exposition.facts import Facts, OwnFacts, WalFacts


@pytest.mark.parametrize("kind", [Facts, OwnFacts, WalFacts])
def test_facts_are_frozen(kind: type) -> None:
    """A thread that tells them meets no change."""
    made = kind(*[None] * len(fields(kind)))
    with pytest.raises(FrozenInstanceError):
        setattr(made, fields(kind)[0].name, 1)
