"""TLS: the certificate in force, which a reload replaces under connections that go on."""

from __future__ import annotations

import binascii
import hashlib
import os
import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from telemetryd.model.errors import SettingsError
from telemetryd.model.settings import Settings

from .private_file import Read, read_private, read_public

if TYPE_CHECKING:
    from telemetryd.instrumentation.events import InternalEvent

# What PEM says of a key with a passphrase, in the form of PKCS #8 and in the older one.
_ENCRYPTED = re.compile(rb"-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED", re.MULTILINE)
_CERTIFICATE = re.compile(rb"-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END")


class Certificates:
    """The certificate that new connections are shown; ``context`` is what a server listens with, None without TLS."""

    def __init__(
        self,
        settings: Settings,
        read: Read = read_private,
        emit: Callable[[InternalEvent], None] = lambda event: None,
    ) -> None:
        """Read the files that ``settings`` name; raises :class:`SettingsError` where they do not make a certificate.

        ``emit`` is told of those that a reload puts in their place.
        """
        self._emit = emit
        self._fingerprint, self._in_force = _read(settings, read)
        self.context: ssl.SSLContext | None = None
        if self._in_force is not None:
            self.context = _bare()
            # Called for every handshake, also of a client that asks for no name.
            self.context.sni_callback = self._choose

    def prepare(self, settings: Settings) -> Callable[[], None]:
        """Read the files anew and return what puts them in force; raises :class:`SettingsError`.

        Whether there is TLS is decided at start; they are read where there is none, too.
        """
        fingerprint, fresh = _read(settings, read_private)

        def commit() -> None:
            if fresh is None or self.context is None:
                return
            self._in_force = fresh
            if fingerprint != self._fingerprint:
                # Here only: who checks settings has no use for what it imports.
                from telemetryd.instrumentation.access_events import CertificateChanged

                self._fingerprint = fingerprint
                self._emit(CertificateChanged(settings.http.tls_certificate, fingerprint))

        return commit

    def _choose(self, connection: ssl.SSLObject, name: str | None, outer: ssl.SSLContext) -> None:
        assert self._in_force is not None
        connection.context = self._in_force


def _read(settings: Settings, read: Read) -> tuple[str, ssl.SSLContext | None]:
    """Return the SHA-256 of the certificate, as OpenSSL prints it, and what shows it; neither without TLS."""
    certificate, key = settings.http.tls_certificate, settings.http.tls_key
    if not certificate:
        return "", None
    key_bytes, chain = read(key, "http.tls_key"), read_public(certificate, "http.tls_certificate")
    if _ENCRYPTED.search(key_bytes):
        raise SettingsError([f"http.tls_key: expected a key without a passphrase, found one that needs it ({key})"])
    context = _bare()
    try:
        with _in_memory(chain) as chain_path, _in_memory(key_bytes) as key_path:
            # For a passphrase OpenSSL would ask at a terminal that is not there.
            context.load_cert_chain(chain_path, key_path, password=lambda: "")
    except (OSError, ValueError) as error:
        found = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
        raise SettingsError(
            [f"http.tls_certificate: expected a certificate and its key in PEM, found {certificate}, {key}: {found}"]
        ) from None
    return _fingerprint(chain), context


def _fingerprint(chain: bytes) -> str:
    first = _CERTIFICATE.search(chain)
    digest = hashlib.sha256(_first_object(binascii.a2b_base64(first[1])) if first else chain).hexdigest().upper()
    return ":".join(digest[at : at + 2] for at in range(0, len(digest), 2))


def _first_object(der: bytes) -> bytes:
    """Return what comes first in DER: behind a certificate there may be what OpenSSL notes of trust in it."""
    length, octets = der[1], 0
    if length & 0x80:
        octets = length & 0x7F
        length = int.from_bytes(der[2 : 2 + octets], "big")
    return der[: 2 + octets + length]


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
