"""TLS: the certificate in force, which a reload replaces under connections that go on."""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from telemetryd.model.errors import SettingsError
from telemetryd.model.settings import Settings

from .private_file import Read, read_private, read_public


class Certificates:
    """The certificate that new connections are shown; ``context`` is what a server listens with, None without TLS."""

    def __init__(self, settings: Settings, read: Read = read_private) -> None:
        """Read the files that ``settings`` name; raises :class:`SettingsError` where they do not make a certificate."""
        self._in_force = _context(settings, read)
        self.context: ssl.SSLContext | None = None
        if self._in_force is not None:
            self.context = _bare()
            # Called for every handshake, also of a client that asks for no name.
            self.context.sni_callback = self._choose

    def prepare(self, settings: Settings) -> Callable[[], None]:
        """Read the files anew and return what puts them in force; raises :class:`SettingsError`.

        Whether there is TLS is decided at start; they are read where there is none, too.
        """
        fresh = _context(settings, read_private)

        def commit() -> None:
            if fresh is not None and self.context is not None:
                self._in_force = fresh

        return commit

    def _choose(self, connection: ssl.SSLObject, name: str | None, outer: ssl.SSLContext) -> None:
        assert self._in_force is not None
        connection.context = self._in_force


def _context(settings: Settings, read: Read) -> ssl.SSLContext | None:
    certificate, key = settings.http.tls_certificate, settings.http.tls_key
    if not certificate:
        return None
    key_bytes, chain = read(key, "http.tls_key"), read_public(certificate, "http.tls_certificate")
    context = _bare()
    try:
        with _in_memory(chain) as chain_path, _in_memory(key_bytes) as key_path:
            # A key with a passphrase would be asked for at a terminal that is not there.
            context.load_cert_chain(chain_path, key_path, password=lambda: "")
    except (OSError, ValueError) as error:
        found = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
        raise SettingsError(
            [f"http.tls_certificate: expected a certificate and its key in PEM, found {certificate}, {key}: {found}"]
        ) from None
    return context


@contextmanager
def _in_memory(contents: bytes) -> Iterator[str]:
    """Give the name of a file that holds ``contents``: OpenSSL takes names only, and is to read what was checked."""
    descriptor = os.memfd_create("telemetryd", os.MFD_CLOEXEC)
    with open(descriptor, "wb") as file:
        file.write(contents)
        file.flush()
        yield f"/proc/self/fd/{descriptor}"


def _bare() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context
