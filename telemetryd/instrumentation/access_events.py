"""The internal events of who may come in: requests and peers refused, and what administrators asked for."""

from __future__ import annotations

from typing import ClassVar

from .events import InternalEvent


class RequestRefused(InternalEvent, frozen=True):
    """A request was not let in: by its host, its site, its token or its rate."""

    says: ClassVar[str] = "request refused"
    level: ClassVar[str] = "warning"
    quiet: ClassVar[bool] = True
    reason: str
    error: str
    client: str


class AdminRequest(InternalEvent, frozen=True):
    """Someone with an administrator's token asked for a change; ``name`` is the token's."""

    says: ClassVar[str] = "asked by an administrator"
    operation: str
    name: str
    client: str


class SessionBegun(InternalEvent, frozen=True):
    """A browser began a session with a token."""

    says: ClassVar[str] = "session begun"
    name: str
    role: str
    client: str


class TokensInClear(InternalEvent, frozen=True):
    """Tokens are asked for beyond the loopback, and there is no TLS: who listens on the network reads them."""

    says: ClassVar[str] = "tokens travel in clear: http.tls_certificate is not set, and http.listen is not the loopback"
    level: ClassVar[str] = "warning"
    listen: str


class NetworkOpen(InternalEvent, frozen=True):
    """The API listens beyond the loopback without tokens, as `http.allow_anonymous_network` has it."""

    says: ClassVar[str] = "whoever reaches the API may read and change everything: http.tokens is not set"
    level: ClassVar[str] = "warning"
    listen: str


class TokensChanged(InternalEvent, frozen=True):
    """A reload found other tokens: the names of those that are new, that are gone, and that are another token or role now."""

    says: ClassVar[str] = "tokens changed"
    added: str
    removed: str
    changed: str


class CertificateChanged(InternalEvent, frozen=True):
    """A reload found another certificate; ``sha256`` is its fingerprint."""

    says: ClassVar[str] = "certificate changed"
    certificate: str
    sha256: str


class PeerRefused(InternalEvent, frozen=True):
    """A process that is not on the allow-list connected to the ingest socket; ids by SO_PEERCRED."""

    says: ClassVar[str] = "peer refused"
    level: ClassVar[str] = "warning"
    quiet: ClassVar[bool] = True
    pid: int
    uid: int
    gid: int


class HooksRefused(InternalEvent, frozen=True):
    """A process connected to the ingest socket of systemd while `telemetry.operation_hooks` is false."""

    says: ClassVar[str] = "connection refused: no events are taken"
    level: ClassVar[str] = "warning"
    quiet: ClassVar[bool] = True


class ClientRefused(InternalEvent, frozen=True):
    """More connections to the API than ``http.max_connections`` allows."""

    says: ClassVar[str] = "client refused"
    level: ClassVar[str] = "warning"
    quiet: ClassVar[bool] = True
    limit: int


class ClientCut(InternalEvent, frozen=True):
    """A client of the API did not send its request, or did not take its answer, in time."""

    says: ClassVar[str] = "client cut"
    level: ClassVar[str] = "info"
    quiet: ClassVar[bool] = True
    reason: str
