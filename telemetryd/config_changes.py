"""What is different between two configurations, and between one and the next start."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from telemetryd.config import Configuration
from telemetryd.config_sources import SETTINGS, Given
from telemetryd.config_values import described


@dataclass(frozen=True, slots=True)
class Change:
    """One setting with another value than before."""

    name: str
    old: Given
    new: Given

    @property
    def told(self) -> tuple[str, str, str]:
        """The values before and after as a log shows them, and where the second was given."""
        return described(self.old.value), described(self.new.value), str(self.new.source)


def changed(before: Configuration, after: Configuration) -> list[Change]:
    """Return the settings that are in force with other values in ``after``."""
    return _different(Change(name, before.given[name], after.given[name]) for name in SETTINGS)


def waiting(configuration: Configuration) -> list[Change]:
    """Return the settings that will have other values at the next start."""
    return _different(
        Change(name, given, configuration.at_restart(name)) for name, given in configuration.given.items()
    )


def overruled(before: Configuration, after: Configuration) -> list[Change]:
    """Return the settings of which the file says something else than before, for nothing: ``new`` is what holds instead."""
    news = {name: given for name, given in after.written.items() if before.written.get(name) != given}
    return _different(Change(name, given, after.at_restart(name)) for name, given in news.items())


def _different(changes: Iterable[Change]) -> list[Change]:
    return [each for each in changes if each.old.value != each.new.value]
