"""Events of a WAL as the protocol has them, from few words."""

from __future__ import annotations

from typing import Any


def start(
    operation_id: str, at: float, operation_type: str = "add", backend: str = "ipfs", **more: Any
) -> dict[str, Any]:
    """An operation starts at ``at`` (Unix s)."""
    series = {"operation_type": operation_type, "backend": backend}
    return {"event": "operation_start", "operation_id": operation_id, **series, "timestamp": at, **more}


def change(operation_id: str, status: str, at: float, **more: Any) -> dict[str, Any]:
    """An operation enters ``status``."""
    return {"event": "status_change", "operation_id": operation_id, "status": status, "timestamp": at, **more}


def health(backend: str, new_status: str, at: float, **more: Any) -> dict[str, Any]:
    """A backend's health becomes ``new_status``."""
    return {"event": "backend_health_change", "backend": backend, "new_status": new_status, "timestamp": at, **more}


def life(
    operation_id: str, at: float, latency: float = 1.0, end: str = "completed", **more: Any
) -> list[dict[str, Any]]:
    """An operation starts at ``at``, is processed and ends after ``latency`` s; ``more`` is said of its start."""
    return [
        start(operation_id, at, **more),
        change(operation_id, "processing", at + latency / 2),
        change(operation_id, end, at + latency),
    ]
