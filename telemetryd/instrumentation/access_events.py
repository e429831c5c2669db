"""The internal events of who may come in: requests and peers refused, and what administrators asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .events import InternalEvent


@dataclass(frozen=True, slots=True)
class RequestRefused(InternalEvent):
    """A request was not let in: by its host, its site, its token or its rate."""

    says: ClassVar[str] = "request refused"
    level: ClassVar[str] = "warning"
    quiet: ClassVar[bool] = True
    reason: str
    error: str
    client: str


@dataclass(frozen=True, slots=True)
class AdminRequest(InternalEvent):
    """Someone with an administrator's token asked for a change; ``name`` is the token's."""

    says: ClassVar[str] = "asked by an administrator"
    operation: str
    name: str
    client: str


@dataclass(frozen=True, slots=True)
class SessionBegun(InternalEvent):
    """A browser began a session with a token."""

    says: ClassVar[str] = "session begun"
    name: str
    role: str
    client: str


@dataclass(frozen=True, slots=True)
class TokensInClear(InternalEvent):
    """Tokens are asked for beyond the loopback, and there is no TLS: who listens on the network reads them."""

    says: ClassVar[str] = "tokens travel in clear: http.tls_certificate is not set, and http.listen is not the loopback"
    level: ClassVar[str] = "warning"
    listen: str


@dataclass(frozen=True, slots=True)
class PeerRefused(InternalEvent):
    """A process that is not on the allow-list connected to the ingest socket; ids by SO_PEERCRED."""

    says: ClassVar[str] = "peer refused"
    level: ClassVar[str] = "warning"
    quiet: ClassVar[bool] = True
    pid: int
    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class HooksRefused(InternalEvent):
    """A process connected to the ingest socket of systemd while `telemetry.operation_hooks` is false."""

    says: ClassVar[str] = "connection refused: no events are taken"
    level: ClassVar[str] = "warning"
    quiet: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class ClientRefused(InternalEvent):
    """More connections to the API than ``http.max_connections`` allows."""

    says: ClassVar[str] = "client refused"
    level: ClassVar[str] = "warning"
    quiet: ClassVar[bool] = True
    limit: int


@dataclass(frozen=True, slots=True)
class ClientCut(InternalEvent):
    """A client of the API did not send its request, or did not take its answer, in time."""

    says: ClassVar[str] = "client cut"
    level: ClassVar[str] = "info"
    quiet: ClassVar[bool] = True
    reason: str
