"""What one setting promises."""

from __future__ import annotations

from dataclasses import dataclass, fields

from telemetryd.model.setting import Setting, setting


@dataclass(frozen=True, slots=True)
class _Section:
    width: int = setting(3, "Width of it.", unit="s", minimum=1, maximum=9, live=True)


def test_a_field_declares_all_that_a_setting_is() -> None:
    """The default is the field's own; the rest is beside it."""
    (declared,) = fields(_Section)
    assert _Section().width == declared.default == 3
    assert dict(declared.metadata) == {
        "description": "Width of it.",
        "unit": "s",
        "minimum": 1,
        "maximum": 9,
        "environment": "",
        "live": True,
        "choices": (),
    }


def test_a_setting_knows_its_name_and_when_it_changes() -> None:
    """Both derive from what it declares."""
    facts = ("pen", "width", int, 3, "Width of it.", "s", 1, 9, "TELEMETRYD_PEN_WIDTH")
    assert Setting(*facts, live=True).name == "pen.width"
    assert (Setting(*facts, live=True).changes, Setting(*facts, live=False).changes) == ("at once", "at restart")
