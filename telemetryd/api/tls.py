"""TLS: the certificate in force, which a reload replaces under connections that go on."""

from __future__ import annotations

import ssl
from collections.abc import Callable

from telemetryd.model.errors import SettingsError
from telemetryd.model.settings import Settings

from .private_file import read_private


class Certificates:
    """The certificate that new connections are shown; ``context`` is what a server listens with, None without TLS."""

    def __init__(self, settings: Settings) -> None:
        """Read the files that ``settings`` name; raises :class:`SettingsError` where they do not make a certificate."""
        self._in_force = _context(settings)
        self.context: ssl.SSLContext | None = None
        if self._in_force is not None:
            self.context = _bare()
            # Called for every handshake, also of a client that asks for no name.
            self.context.sni_callback = self._choose

    def prepare(self, settings: Settings) -> Callable[[], None]:
        """Read the files anew and return what puts them in force; raises :class:`SettingsError`. Whether there is TLS is decided at start."""
        fresh = None if self.context is None else _context(settings)

        def commit() -> None:
            if fresh is not None:
                self._in_force = fresh

        return commit

    def _choose(self, connection: ssl.SSLObject, name: str | None, outer: ssl.SSLContext) -> None:
        assert self._in_force is not None
        connection.context = self._in_force


def _context(settings: Settings) -> ssl.SSLContext | None:
    certificate, key = settings.http.tls_certificate, settings.http.tls_key
    if not certificate:
        return None
    read_private(key, "http.tls_key")
    context = _bare()
    try:
        # A key with a passphrase would be asked for at a terminal that is not there.
        context.load_cert_chain(certificate, key, password=lambda: "")
    except (OSError, ValueError) as error:
        found = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
        raise SettingsError(
            [f"http.tls_certificate: expected a certificate and its key in PEM, found {certificate}, {key}: {found}"]
        ) from None
    return context


def _bare() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context
