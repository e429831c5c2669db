"""Where the search begins: for each target some bytes that it takes, and some that once broke it."""

from __future__ import annotations

import json
import struct
import zlib

from msgspec import msgpack

from telemetryd.hooks import spool_format
from telemetryd.storage.records import Checkpoint, EventsRecord, ExpiredRecord, encode_record

_START = {"event": "operation_start", "operation_id": "a", "operation_type": "add", "backend": "ipfs", "timestamp": 1.5}
_CHANGE = {"event": "status_change", "operation_id": "a", "status": "failed", "timestamp": 2.0, "error": "é\ud800"}
_HEALTH = {"event": "backend_health_change", "backend": "s3", "new_status": "online", "timestamp": 3}
_BEGINNING = struct.pack("<8sI", b"TLMDJRNL", 1)
_HEADER = _BEGINNING + struct.pack("<I", zlib.crc32(_BEGINNING))


_STATE = spool_format.encode_state(spool_format.State(4, "wal", 1, ((2, 2, 9),)))[:64].rstrip(b"\0")
_SPOOLED = b"".join(
    spool_format.encode_record(spool_format.Record(ordinal, 0, 1, json.dumps(_START | {"operation_id": name}).encode()))
    for ordinal, name in enumerate("abc", 1)
)


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def _whole(*records: object) -> bytes:
    """Return records as the target makes them whole, whatever they say."""
    kinds: dict[type, bytes] = {Checkpoint: b"\1", EventsRecord: b"\2", ExpiredRecord: b"\3"}
    return b"\1" + b"||".join(kinds.get(type(each), b"\2") + msgpack.encode(each) for each in records)


SEEDS: dict[str, tuple[bytes, ...]] = {
    "frame": (b"\x01\x07one\ntwo\n\n \nlonger than eight\nthr", b"\x00\x00\n", b"\x02\x01" + b"x" * 200 + b"\n\n"),
    "event": (
        _json(_START),
        _json(_CHANGE),
        _json(_HEALTH | {"old_status": "offline", "more": [1, {"x": None}]}),
        _json({"batch": 1, "events": [_START, _CHANGE, _HEALTH, 17, {"event": "?"}]}),
        _json({"hello": {"producer": "wal", "version": 1, "dropped": 0}}),
        b'{"batch":3,"events":[{"event":"status_change","more":' + b"[" * 3000 + b"]" * 3000 + b"},1]}",
    ),
    "settings": (
        b'\x00[telemetry]\nretention_days = 7\n[http]\nlisten = "127.0.0.1:0"\n',
        b'\x01{"format": 1, "telemetry": {"enabled": false, "retention_days": 3}}',
        b"\x02IPFS_KIT_TELEMETRY_RETENTION=7\n3=60\nTELEMETRYD_HTTP_LISTEN=unix:/run/api.sock",
        b"\x03http.listen=[::1]:80\ningest.socket=/run/s\n5=true",
        b'\x04j{"retention_days": 7, "enabled": false, "metrics_path": "/tmp"}',
        b"\x04fretention_days=7&enabled=off",
    ),
    "query": (
        b"metric_type=queue_size&operation_type=add&backend=ipfs&status=retrying&start_time=90.5&end_time=1e3"
        b"&aggregation=percentile_95&interval=3600",
        b"sort=slowest&limit=10&start_time=5&end_time=253402300799",
        b"start_time=%EF%BC%91&interval=%C2%B2&x=%ED%A0%80",
    ),
    "journal": (
        _HEADER
        + encode_record(Checkpoint(7, True, b"state"))
        + encode_record(EventsRecord(7, 1.5, "wal", 3, b'{"batch":3,"events":[]}'))
        + encode_record(ExpiredRecord(8, 2.5, ["a", "b"])),
        encode_record(EventsRecord(7, 1.5, "", 0, b"\xff\x00TR"))[:-1],
        _whole(
            Checkpoint(7, True, msgpack.encode([[["wal", 2]], b""])),
            EventsRecord(7, 1.5, "wal", 3, _json({"batch": 3, "events": [_START, _CHANGE, _HEALTH, {"event": "?"}]})),
            EventsRecord(11, 1.6, "", 0, _json({"batch": 1, "events": [_START | {"operation_id": "b"}]})),
            ExpiredRecord(12, 2.5, ["b", "c"]),
            EventsRecord(14, 2.6, "wal", 4, _json(_START)),
            ["another", "program's"],
        ),
    ),
    "spool": (
        b"\0" + b"||".join((spool_format.MAGIC, _STATE, b"", _SPOOLED)),
        b"\0" + b"||".join((spool_format.MAGIC, b"", b"", _SPOOLED)),
        b"\0" + b"||".join((b"", _STATE, b"", b"")),
        b"\0another file",
        b"\1" + bytes((1, 2, 1, 40)) + bytes((1, 0, 0, 2, 0, 0, 3, 0, 9, 4, 50, 0, 4, 51, 0, 3, 0, 0, 9, 0, 251)),
    ),
}
