"""How hypothesis searches here: with fewer examples, for each is many rows."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("fewer", settings.get_profile("unhurried"), max_examples=50)
settings.load_profile("fewer")
