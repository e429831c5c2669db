"""Every setting, declared once: its type, default, bounds, unit, environment name and when it changes.

The sample file, ``check-config``, the README's table, ``POST /config`` and its warning
all derive from the fields below.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import MISSING, dataclass, field, fields

from .http_settings import HttpSettings
from .setting import Setting, setting


@dataclass(frozen=True, slots=True)
class TelemetrySettings:
    """What is kept of the WAL's operations, where and for how long."""

    enabled: bool = setting(
        True,
        "Store events; off, they are acknowledged, counted as discarded, and producers are told to stop.",
        live=True,
    )
    metrics_path: str = setting(
        "~/.ipfs_kit/telemetry",
        "Folder of the journal, the partitions and the rollups.",
        environment="IPFS_KIT_TELEMETRY_PATH",
    )
    retention_days: int = setting(
        30,
        "Partitions older than this are removed, whole.",
        unit="days",
        minimum=1,
        maximum=3650,
        environment="IPFS_KIT_TELEMETRY_RETENTION",
        live=True,
    )
    sampling_interval: int = setting(
        60,
        "Width of a sample; must divide 3600.",
        unit="s",
        minimum=1,
        maximum=3600,
        environment="IPFS_KIT_TELEMETRY_INTERVAL",
        live=True,
    )
    enable_detailed_timing: bool = setting(
        True,
        "Keep every event in the hourly partitions; off, only the rollups stay.",
        environment="IPFS_KIT_TELEMETRY_DETAILED",
        live=True,
    )
    operation_hooks: bool = setting(True, "Open the ingest socket.", environment="IPFS_KIT_TELEMETRY_HOOKS")
    reports_path: str = setting("", "Folder of the reports; empty means `reports` beside metrics_path.")


@dataclass(frozen=True, slots=True)
class IngestSettings:
    """The Unix socket that events come in by, and its limits."""

    socket: str = setting(
        "",
        "Path of the ingest socket; empty means systemd's socket, else the user's runtime folder, else ~/.ipfs_kit/telemetryd.sock.",
    )
    socket_mode: str = setting("0660", "Permissions of the socket's file, in octal; systemd's socket has its own.")
    socket_group: str = setting(
        "", "Group of the socket's file, by name or number; empty leaves the daemon's. systemd's socket has its own."
    )
    allowed_users: tuple[str, ...] = setting(
        (),
        "Users, by name or number, whose processes may send events; where this and allowed_groups are empty, all that can open the socket.",
        live=True,
    )
    allowed_groups: tuple[str, ...] = setting(
        (), "Groups, by name or number, whose members' processes may send events besides.", live=True
    )
    max_line_bytes: int = setting(
        1 << 20, "Longest line taken; longer ones are skipped and counted.", unit="bytes", minimum=1024, maximum=1 << 26
    )
    max_connections: int = setting(
        1024, "Connections open at once; more are refused with a line.", minimum=1, maximum=65536, live=True
    )
    max_pending_bytes: int = setting(
        64 << 20,
        "Bytes taken and not yet on disk; beyond it the sockets are not read.",
        unit="bytes",
        minimum=1 << 20,
        maximum=1 << 32,
        live=True,
    )
    max_unfinished_bytes: int = setting(
        64 << 20,
        "Bytes held of lines that have not ended, in all connections; beyond it the one with most is closed.",
        unit="bytes",
        minimum=1 << 20,
        maximum=1 << 32,
        live=True,
    )
    max_unread_bytes: int = setting(
        16 << 20,
        "Bytes of answers that are not read, in all connections; beyond it the one with most is cut.",
        unit="bytes",
        minimum=1 << 20,
        maximum=1 << 32,
        live=True,
    )
    max_producers: int = setting(
        10_000,
        "Producers whose last batch number is remembered; beyond it the longest silent is forgotten.",
        minimum=1,
        maximum=1_000_000,
    )


@dataclass(frozen=True, slots=True)
class LiveSettings:
    """Bounds of what is held in memory of the recent past."""

    max_operations: int = setting(
        100_000, "Operations in flight that are tracked; beyond it the oldest expires.", minimum=1, maximum=10_000_000
    )
    max_operation_age: int = setting(
        604_800, "An operation in flight for longer expires.", unit="s", minimum=60, maximum=31_536_000
    )
    max_ended: int = setting(
        65_536,
        "Ended operations remembered, to know a repeated or contradicting status.",
        minimum=0,
        maximum=10_000_000,
    )
    max_series: int = setting(
        1000, "Pairs of operation type and backend; new types beyond it fold into `other`.", minimum=1, maximum=50_000
    )
    max_backends: int = setting(64, "Backends by name; new ones beyond it fold into `other`.", minimum=1, maximum=1000)


@dataclass(frozen=True, slots=True)
class StorageSettings:
    """When the head becomes a part."""

    head_rows: int = setting(
        250_000, "Rows in memory before they are sealed into parts.", minimum=100, maximum=10_000_000, live=True
    )
    head_age: int = setting(
        900, "Age of the oldest row in memory before all are sealed.", unit="s", minimum=1, maximum=3600, live=True
    )
    seal_grace: int = setting(
        60,
        "Wait after the end of an hour before it is sealed and compacted.",
        unit="s",
        minimum=0,
        maximum=3600,
        live=True,
    )
    late_quiet: int = setting(
        5,
        "Events of a past hour are sealed once none has come for this long.",
        unit="s",
        minimum=0,
        maximum=3600,
        live=True,
    )


@dataclass(frozen=True, slots=True)
class QuerySettings:
    """Limits of every query."""

    timeout: int = setting(30, "Longest time a query may run.", unit="s", minimum=1, maximum=3600, live=True)
    concurrency: int = setting(2, "Queries that run at once; as many again may wait eight deep.", minimum=1, maximum=64)
    max_samples: int = setting(
        1_000_000,
        "Samples in one answer; more is an error that says how to ask for less.",
        minimum=1000,
        maximum=100_000_000,
        live=True,
    )


@dataclass(frozen=True, slots=True)
class ChartsSettings:
    """The process that draws, its browser, and their limits."""

    browser: str = setting(
        "", "Path of a Chromium for PNG and SVG; empty means the first one found on PATH.", live=True
    )
    renderer: str = setting(
        "",
        "Unix socket of a service that draws (telemetryd-renderer.socket); empty means a process of the daemon's own.",
    )
    timeout: int = setting(
        30, "Longest time a chart may take, waiting included.", unit="s", minimum=1, maximum=300, live=True
    )
    max_queue: int = setting(
        32, "Charts drawn and waiting at once; more are refused.", minimum=1, maximum=1024, live=True
    )
    idle_stop: int = setting(
        120,
        "The process that draws ends after as long without a chart.",
        unit="s",
        minimum=1,
        maximum=86_400,
        live=True,
    )
    max_charts: int = setting(
        300, "Images after which it is replaced by a new one.", minimum=1, maximum=100_000, live=True
    )
    max_memory: int = setting(
        700,
        "Memory, its browser's included, above which it is replaced.",
        unit="MiB",
        minimum=200,
        maximum=65_536,
        live=True,
    )
    cache_size: int = setting(
        64,
        "Charts kept on disk that need not be drawn again; 0 keeps none.",
        unit="MiB",
        minimum=0,
        maximum=65_536,
        live=True,
    )


@dataclass(frozen=True, slots=True)
class ReportsSettings:
    """Limits of the reports."""

    max_queue: int = setting(
        8, "Reports made and waiting at once; more are refused.", minimum=1, maximum=1024, live=True
    )
    timeout: int = setting(600, "Longest time a report may take.", unit="s", minimum=10, maximum=86_400, live=True)
    max_size: int = setting(
        1024, "All reports together; beyond it the oldest go.", unit="MiB", minimum=16, maximum=1_048_576, live=True
    )


@dataclass(frozen=True, slots=True)
class LogSettings:
    """What the daemon says of itself, on standard error."""

    level: str = setting("info", "The least that is written.", choices=("debug", "info", "warning", "error"), live=True)
    format: str = setting(
        "auto",
        "How lines look; auto is journal where standard error is systemd's journal, pretty on a terminal, else json.",
        choices=("auto", "json", "pretty", "journal"),
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings in force, by section."""

    telemetry: TelemetrySettings = field(default_factory=TelemetrySettings)
    ingest: IngestSettings = field(default_factory=IngestSettings)
    http: HttpSettings = field(default_factory=HttpSettings)
    live: LiveSettings = field(default_factory=LiveSettings)
    storage: StorageSettings = field(default_factory=StorageSettings)
    query: QuerySettings = field(default_factory=QuerySettings)
    charts: ChartsSettings = field(default_factory=ChartsSettings)
    reports: ReportsSettings = field(default_factory=ReportsSettings)
    log: LogSettings = field(default_factory=LogSettings)


def declared() -> Iterator[Setting]:
    """Yield every setting, in the order of the sample file."""
    for section in fields(Settings):
        factory = section.default_factory
        assert factory is not MISSING
        for each in fields(type(factory())):
            facts = dict(each.metadata)
            facts["environment"] = facts["environment"] or f"TELEMETRYD_{section.name}_{each.name}".upper()
            yield Setting(section=section.name, key=each.name, kind=type(each.default), default=each.default, **facts)
