"""What is said of who may come in, besides what ``test_events`` says of every kind."""

from __future__ import annotations

from telemetryd.instrumentation import access_events as events


def test_what_strangers_can_cause_is_quiet() -> None:
    """Nobody fills the log by knocking; what an administrator does is always told."""
    for kind in (events.RequestRefused, events.PeerRefused, events.ClientRefused, events.ClientCut):
        assert kind.quiet
    for kind in (events.AdminRequest, events.SessionBegun, events.TokensInClear):
        assert not kind.quiet
