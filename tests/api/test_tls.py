"""TLS, and a certificate that is replaced."""

from __future__ import annotations

import asyncio
import binascii
import os
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
import trustme
from aiohttp import web
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509 import load_pem_x509_certificate

from telemetryd.api.server import serving
from telemetryd.api.tls import Certificates
from telemetryd.instrumentation.access_events import CertificateChanged
from telemetryd.instrumentation.events import InternalEvent
from telemetryd.model.errors import SettingsError
from telemetryd.model.settings import Settings


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def settings(authority: trustme.CA, tmp_path: Path) -> Settings:
    """Settings with a certificate for localhost."""
    settings = Settings()
    names = {"tls_certificate": str(tmp_path / "certificate.pem"), "tls_key": str(tmp_path / "key.pem")}
    settings = replace(settings, http=replace(settings.http, **names))
    write(authority, settings)
    return settings


def write(authority: trustme.CA, settings: Settings) -> None:
    """Put a new certificate into the files of the settings."""
    issued = authority.issue_cert("localhost")
    Path(settings.http.tls_certificate).write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    key = Path(settings.http.tls_key)
    key.touch(mode=0o600)
    key.write_bytes(issued.private_key_pem.bytes())


@asynccontextmanager
async def served(certificates: Certificates) -> AsyncIterator[str]:
    """Serve a greeting by TLS; the value is the URL, with a name that the certificate has."""

    async def handler(request: web.Request) -> web.StreamResponse:
        return web.Response(text=request.scheme)

    app = web.Application()
    app.router.add_get("/", handler)
    async with serving(app, "127.0.0.1:0", tls=certificates.context) as url:
        assert url.startswith("https://127.0.0.1:")
        yield url.replace("127.0.0.1", "localhost")


def trusting(authority: trustme.CA, **versions: ssl.TLSVersion) -> ssl.SSLContext:
    """Return what a client that trusts an authority connects with."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    for name, version in versions.items():
        setattr(context, name, version)
    return context


async def shown(url: str, context: ssl.SSLContext, name: str | None = "localhost") -> bytes:
    """Return the certificate that a new connection is shown; without a ``name`` the client asks for none."""
    port = int(url.rpartition(":")[2])
    if name is None:
        context.check_hostname = False
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname=name or "")
    found = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    assert isinstance(found, bytes)
    return found


async def test_a_client_that_trusts_the_authority_is_answered(authority: trustme.CA, settings: Settings) -> None:
    """By https, and the routes know that it is."""
    async with served(Certificates(settings)) as url, aiohttp.ClientSession() as client:
        async with client.get(url, ssl=trusting(authority)) as response:
            assert (response.status, await response.text()) == (200, "https")
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await client.get(url)
        with pytest.raises(aiohttp.ClientError):
            await client.get(url.replace("https", "http"))
        async with client.get(url, ssl=trusting(authority)) as response:
            assert response.status == 200


async def test_an_inherited_socket_speaks_tls_too(authority: trustme.CA, settings: Settings) -> None:
    """One of TCP; who can reach a Unix socket need not be shown who answers there."""
    tls = Certificates(settings).context
    with socket.create_server(("127.0.0.1", 0)) as held:
        async with (
            serving(web.Application(), "localhost:0", tls=tls, inherited=held) as url,
            aiohttp.ClientSession() as client,
        ):
            assert url == f"https://127.0.0.1:{held.getsockname()[1]}"
            async with client.get(url.replace("127.0.0.1", "localhost"), ssl=trusting(authority)) as response:
                assert response.status == 404


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
async def test_old_versions_are_not_spoken(authority: trustme.CA, settings: Settings) -> None:
    """Nothing before TLS 1.2."""
    async with served(Certificates(settings)) as url, aiohttp.ClientSession() as client:
        old = trusting(authority, minimum_version=ssl.TLSVersion.TLSv1, maximum_version=ssl.TLSVersion.TLSv1_1)
        with pytest.raises(aiohttp.ClientError):
            await client.get(url, ssl=old)
        newer = trusting(authority, maximum_version=ssl.TLSVersion.TLSv1_2)
        async with client.get(url, ssl=newer) as response:
            assert response.status == 200


async def test_a_new_certificate_holds_from_its_commit_on(authority: trustme.CA, settings: Settings) -> None:
    """For new connections, with a name or without; those that are open go on."""
    certificates = Certificates(settings)
    async with served(certificates) as url, aiohttp.ClientSession() as client:
        first = await shown(url, trusting(authority))
        assert await shown(url, trusting(authority), None) == first
        async with client.get(url, ssl=trusting(authority)) as response:
            await response.read()
        write(authority, settings)
        commit = await asyncio.to_thread(certificates.prepare, settings)
        assert await shown(url, trusting(authority)) == first
        commit()
        second = await shown(url, trusting(authority))
        assert second != first
        assert await shown(url, trusting(authority), None) == second
        async with client.get(url, ssl=trusting(authority)) as response:
            assert response.status == 200


async def test_a_wrong_certificate_changes_nothing(authority: trustme.CA, settings: Settings) -> None:
    """One sentence says what is wrong, at the start as at a reload."""
    certificates = Certificates(settings)
    key = Path(settings.http.tls_key)
    right = key.read_bytes()
    wrongs = {
        b"nonsense": "http.tls_certificate: expected a certificate and its key in PEM",
        authority.issue_cert("localhost").private_key_pem.bytes(): "KEY_VALUES_MISMATCH|key values mismatch",
    }
    async with served(certificates) as url:
        first = await shown(url, trusting(authority))
        for wrong, sentence in wrongs.items():
            key.write_bytes(wrong)
            for attempt in (certificates.prepare, Certificates):
                with pytest.raises(SettingsError, match=sentence):
                    attempt(settings)
        key.write_bytes(right)
        key.chmod(0o644)
        with pytest.raises(SettingsError, match=r"^http\.tls_key: expected a file that only its owner"):
            certificates.prepare(settings)
        assert await shown(url, trusting(authority)) == first


def test_a_certificate_that_a_reload_finds_is_told(authority: trustme.CA, settings: Settings) -> None:
    """By its fingerprint, as OpenSSL prints it, and only where it is another one."""
    told: list[InternalEvent] = []
    certificates = Certificates(settings, emit=told.append)
    certificates.prepare(settings)()
    assert told == []
    write(authority, settings)
    certificates.prepare(settings)()
    certificates.prepare(settings)()
    written = load_pem_x509_certificate(Path(settings.http.tls_certificate).read_bytes())
    fingerprint = written.fingerprint(SHA256()).hex(":").upper()
    assert told == [CertificateChanged(settings.http.tls_certificate, fingerprint)]


@pytest.mark.parametrize("form", ["PKCS8", "TraditionalOpenSSL"])
def test_a_key_with_a_passphrase_is_told(form: str, settings: Settings) -> None:
    """There is nobody who could be asked for it."""
    key = Path(settings.http.tls_key)
    private = load_pem_private_key(key.read_bytes(), None)
    encryption = BestAvailableEncryption(b"secret")
    key.write_bytes(private.private_bytes(Encoding.PEM, getattr(PrivateFormat, form), encryption))
    with pytest.raises(
        SettingsError, match=r"^http\.tls_key: expected a key without a passphrase, found one that needs it"
    ):
        Certificates(settings)


def test_without_a_certificate_there_is_no_tls(settings: Settings) -> None:
    """A reload does not begin with it: who listens, listens on."""
    certificates = Certificates(Settings())
    assert certificates.context is None
    certificates.prepare(settings)()
    assert certificates.context is None


def test_what_is_no_certificate_is_told_though_there_is_no_tls_yet(settings: Settings) -> None:
    """A reload reads the files for the next start; a pipe in the place of one keeps nobody waiting."""
    certificates = Certificates(Settings())
    certificate = Path(settings.http.tls_certificate)
    certificate.unlink()
    with pytest.raises(SettingsError, match=r"^http\.tls_certificate: expected a file that can be read"):
        certificates.prepare(settings)
    os.mkfifo(certificate)
    with pytest.raises(SettingsError, match=r"^http\.tls_certificate: expected a file, found something else"):
        certificates.prepare(settings)


def test_the_fingerprint_is_of_the_certificate_alone(settings: Settings) -> None:
    """Not of what OpenSSL may note behind it (`openssl x509 -trustout`): a certificate that is the same is no other one."""
    certificate = Path(settings.http.tls_certificate)
    first, *_ = certificate.read_text().partition("-----END CERTIFICATE-----")
    der = binascii.a2b_base64(first.partition("-----BEGIN CERTIFICATE-----")[2])
    told: list[InternalEvent] = []
    certificates = Certificates(settings, emit=told.append)
    trusted = binascii.b2a_base64(der + bytes.fromhex("300c300a06082b06010505070301")).decode()
    certificate.write_text(f"-----BEGIN TRUSTED CERTIFICATE-----\n{trusted}-----END TRUSTED CERTIFICATE-----\n")
    certificates.prepare(settings)()
    assert told == []
