"""What `scripts/test` makes of the registry's list of known holes."""

from __future__ import annotations

from .source import script

SOUND = {"name": "aiohttp", "version": "3.14.5", "vulns": []}
SKIPPED = {"name": "numpy", "skip_reason": "Dependency not found on PyPI and could not be audited: numpy (2.0)"}
HOLE = {"id": "PYSEC-2019-217", "fix_versions": ["2.10.1"], "aliases": ["CVE-2019-10906"], "description": "…"}
HOLED = {"name": "jinja2", "version": "2.10", "vulns": [HOLE]}

audit = script("audit_dependencies")


def test_a_known_hole_is_a_failure() -> None:
    """Each is told with the release that mends it."""
    code, lines = audit.verdict({"dependencies": [SOUND, SKIPPED, HOLED], "fixes": []})
    assert code == 1
    assert lines == [
        "jinja2 2.10: PYSEC-2019-217, mended in 2.10.1",
        "known holes: 1; 2 of 3 packages could be looked up",
    ]


def test_no_known_hole_is_none() -> None:
    """It says of how many packages that is known."""
    assert audit.verdict({"dependencies": [SOUND, SKIPPED]}) == (
        0,
        ["known holes: 0; 1 of 2 packages could be looked up"],
    )


def test_what_cannot_be_asked_is_one_line() -> None:
    """It is no failure of ours, and no comfort either: also a registry that knows none of the packages."""
    for report, trouble in (({"dependencies": [SKIPPED]}, ""), (None, "ConnectionError: no route")):
        code, lines = audit.verdict(report, trouble)
        assert code == 0 and len(lines) == 1 and "registry" in lines[0]
        assert trouble in lines[0]
