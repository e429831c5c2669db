"""What settings that are right one by one cannot be together."""

from __future__ import annotations

from telemetryd.api.listen import is_beyond_loopback, open_network
from telemetryd.model.http_settings import HttpSettings
from telemetryd.model.settings import Settings


def contradictions(settings: Settings) -> list[str]:
    """Return a sentence for each rule over several settings that these break."""
    return [mistake for rule in (_open_network, _half_of_tls) for mistake in rule(settings.http)]


def _open_network(http: HttpSettings) -> list[str]:
    if http.tokens or http.allow_anonymous_network or not is_beyond_loopback(http.listen):
        return []
    return [open_network(http.listen)]


def _half_of_tls(http: HttpSettings) -> list[str]:
    if bool(http.tls_certificate) == bool(http.tls_key):
        return []
    there, lacks = ("tls_certificate", "tls_key") if http.tls_certificate else ("tls_key", "tls_certificate")
    return [f"http.{lacks}: expected a file beside http.{there}, found none"]
