"""What one setting promises: its type, default, bounds or choices, unit, environment name and when it changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True, slots=True)
class Setting:
    """What one setting promises, whatever its value is."""

    section: str
    key: str
    kind: type
    default: Any
    description: str
    unit: str
    minimum: float | None
    maximum: float | None
    environment: str
    live: bool
    choices: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.section}.{self.key}"

    @property
    def changes(self) -> str:
        return "at once" if self.live else "at restart"


def setting(
    default: Any,
    description: str,
    *,
    unit: str = "",
    minimum: float | None = None,
    maximum: float | None = None,
    environment: str = "",
    live: bool = False,
    choices: tuple[str, ...] = (),
) -> Any:
    """Return the field of a section's dataclass that declares a setting; without ``environment`` its name is TELEMETRYD_SECTION_KEY."""
    facts = {
        "description": description,
        "unit": unit,
        "minimum": minimum,
        "maximum": maximum,
        "environment": environment,
        "live": live,
        "choices": choices,
    }
    return field(default=default, metadata=MappingProxyType(facts))
