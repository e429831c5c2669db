"""What settings that are right one by one cannot be together."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from telemetryd.config_rules import contradictions
from telemetryd.model.settings import Settings


def http(**changes: Any) -> Settings:
    settings = Settings()
    return replace(settings, http=replace(settings.http, **changes))


@pytest.mark.parametrize("listen", ["127.0.0.1:8000", "127.9.9.9:0", "localhost:1", "[::1]:8000", "unix:/run/api.sock"])
def test_the_loopback_needs_no_tokens(listen: str) -> None:
    """Nor does a socket, whose file has permissions."""
    assert contradictions(http(listen=listen)) == []


@pytest.mark.parametrize(
    "listen", ["0.0.0.0:8000", "[::]:8000", "192.0.2.1:80", "node.example:1", "localhost.example:1"]
)
def test_a_listener_beyond_it_needs_tokens_or_says_so(listen: str) -> None:
    """In so many words."""
    (sentence,) = contradictions(http(listen=listen))
    assert sentence.startswith("http.listen: expected ") and listen in sentence
    assert "http.allow_anonymous_network = true" in sentence
    assert contradictions(http(listen=listen, tokens="/etc/tokens")) == []
    assert contradictions(http(listen=listen, allow_anonymous_network=True)) == []


def test_a_certificate_has_a_key() -> None:
    """And a key a certificate."""
    assert contradictions(http(tls_certificate="/c", tls_key="/k")) == []
    (lacks_key,) = contradictions(http(tls_certificate="/c"))
    assert lacks_key.startswith("http.tls_key: ")
    (lacks_certificate,) = contradictions(http(tls_key="/k"))
    assert lacks_certificate.startswith("http.tls_certificate: ")
