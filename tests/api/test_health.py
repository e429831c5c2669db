"""``/-/healthy`` and ``/-/ready``."""

from __future__ import annotations

from .conftest import BOOKS, Server


async def test_healthy_tells_the_version(server: Server) -> None:
    """As long as the loop turns, the daemon is healthy, ready or not."""
    server.reasons.append("the journal is full")
    found = await server.json("/-/healthy")
    assert (found["operation"], found["version"]) == ("health", "1.2.3")
    assert found["books"] == BOOKS


async def test_ready_without_reasons(server: Server) -> None:
    """With no reason against it, the daemon is ready."""
    found = await server.json("/-/ready")
    assert (found["operation"], found["reasons"]) == ("ready", [])


async def test_not_ready_tells_the_reasons(server: Server) -> None:
    """With a reason against it, 503 and all reasons."""
    server.reasons += ["the disk is full", "sealing fails"]
    found = await server.json("/-/ready", 503)
    assert found["error_type"] == "not_ready"
    assert found["reasons"] == ["the disk is full", "sealing fails"]
    assert "the disk is full; sealing fails" in found["error"]


async def test_probes_may_add_parameters(server: Server) -> None:
    """A probe's own parameters are no mistake here."""
    await server.json("/-/healthy?t=1")
    await server.json("/-/ready?t=1")
