"""What holds for any bytes at all, at each border of the daemon: claims that a test and a fuzzer both try to break.

Each target takes bytes, does with them what the daemon does, and raises where a claim does not hold:
``AssertionError``, or whatever the daemon would not have expected.
"""

from __future__ import annotations

import json
import random
import struct
import tempfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import parse_qsl

from telemetryd.api.body import object_of
from telemetryd.api.envelope import encode, failure
from telemetryd.api.errors import InvalidBody, failure_of
from telemetryd.config import load
from telemetryd.config_sources import SETTINGS
from telemetryd.config_update import API_KEYS
from telemetryd.hooks.spool import Spool
from telemetryd.hooks.spool_format import MAGIC, SLOT, Record, State, encode_state
from telemetryd.hooks.spool_format import encode_record as encode_spooled
from telemetryd.ingest.framing import Framer, TooLong
from telemetryd.ingest.ledger import Ledger
from telemetryd.ingest.replay import replay
from telemetryd.instrumentation import Instrumentation
from telemetryd.model.codec import (
    Batch,
    Hello,
    Single,
    decode_event,
    decode_frame,
    encode_batch,
    encode_event,
    encode_line,
)
from telemetryd.model.errors import CorruptFile, InvalidParameter, Rejected, SettingsError, TelemetrydError
from telemetryd.model.events import OperationStart
from telemetryd.model.settings import Settings
from telemetryd.query.request import MetricsRequest, OperationsRequest
from telemetryd.storage.files import Files
from telemetryd.storage.journal import SegmentContent, read_segment
from telemetryd.storage.records import encode_record
from tests.disk.memory import in_memory
from tests.ingest.intake import Quiet

NOW = 1_700_000_000.5
# Small, so that a few bytes are a line that is too long.
LIMITS = (1, 8, 64)


def frame(data: bytes) -> None:
    """Cut in any way, a stream gives the lines it gives in one piece; what is held of it is bounded; a bad line is told once."""
    if len(data) < 2:
        return
    limit, choose, stream = LIMITS[data[0] % len(LIMITS)], random.Random(data[1]), data[2:]
    *whole, rest = stream.split(b"\n")
    expected: list[bytes | TooLong] = [TooLong(limit) if len(line) > limit else line for line in whole]
    expected = [line for line in expected if isinstance(line, TooLong) or line.strip()]
    if len(rest) > limit:
        expected.append(TooLong(limit))
    framer, position = Framer(limit), 0
    found: list[bytes | TooLong] = []
    while position < len(stream):
        step = choose.randint(1, 2 * limit)
        found += framer.feed(stream[position : position + step])
        position += step
        assert framer.incomplete <= limit, f"{framer.incomplete} bytes are held of a line of at most {limit}"
    assert found == expected
    assert framer.incomplete == (len(rest) if len(rest) <= limit else 0)


def event(data: bytes) -> None:
    """A line is a frame or a rejection, and so is an event; what was taken is the same when it comes again."""
    try:
        found = decode_frame(data)
    except Rejected as rejection:
        _can_be_told(rejection)
    else:
        if isinstance(found, Batch):
            for each in found.rejections:
                _can_be_told(each)
            again = decode_frame(encode_batch(found.number, found.events)[:-1])
            assert isinstance(again, Batch)
            assert (again.number, again.events, list(again.rejections)) == (found.number, found.events, [])
        elif isinstance(found, Single):
            assert decode_frame(encode_event(found.event)) == found
        else:
            assert isinstance(found, Hello)
            hello = {"producer": found.producer, "version": found.version, "dropped": found.dropped}
            assert decode_frame(encode_line({"hello": hello})[:-1]) == found
    try:
        alone = decode_event(data)
    except Rejected as rejection:
        _can_be_told(rejection)
    else:
        assert decode_event(encode_event(alone)) == alone


def settings(data: bytes) -> None:
    """A file, what is stored, the environment, flags and the body of a POST: settings, or mistakes that can be told."""
    if not data:
        return
    kind, content = data[0] % 5, data[1:]
    with tempfile.TemporaryDirectory(prefix="td-") as name:
        folder = Path(name)
        environ = {"HOME": name, "IPFS_KIT_TELEMETRY_PATH": name}
        if kind == 0:
            (folder / "file.toml").write_bytes(content)
            _load({}, environ, folder / "file.toml")
        elif kind == 1:
            (folder / "settings.json").write_bytes(content)
            _load({}, environ, None)
        elif kind == 2:
            _load({}, environ | _pairs(content, {each.environment for each in SETTINGS.values()}), None)
        elif kind == 3:
            told = _pairs(content, set(SETTINGS))
            _load({key: ("--" + key, text) for key, text in told.items() if key in SETTINGS}, environ, None)
        else:
            _post(content[1:], form=content[:1] == b"f", environ=environ)


def query(data: bytes) -> None:
    """A query string is a request, with a range and an interval that make sense, or a parameter that is wrong."""
    params = dict(parse_qsl(data.decode("utf-8", "surrogateescape"), keep_blank_values=True, errors="surrogateescape"))
    for sampling_interval in (1, 60, 3600):
        try:
            asked = MetricsRequest.parse(params, now=NOW, sampling_interval=sampling_interval)
        except InvalidParameter as error:
            _can_be_answered(error)
        else:
            assert asked.metric_types and 0 <= asked.range.start <= asked.range.end
            assert asked.interval > 0 and asked.interval % sampling_interval == 0
            assert asked.range.start % sampling_interval == asked.range.end % sampling_interval == 0
    try:
        found = OperationsRequest.parse(params, now=NOW)
    except InvalidParameter as error:
        _can_be_answered(error)
    else:
        assert 0 <= found.start <= found.end and 1 <= found.limit <= 1000


def journal(data: bytes) -> None:
    """Any bytes in place of a segment give records that can be written again and replayed, and a count of all others; or they are none."""
    with in_memory() as folder:
        path = str(folder / f"{7:020d}.active")
        data = _segment_of(data[1:]) if data[:1] == b"\1" else data
        Path(path).write_bytes(data)
        try:
            content = read_segment(Files(), path)
        except CorruptFile as error:
            _has_words(str(error))
            return
        assert 0 <= content.torn <= len(data)
        assert 0 <= content.damaged <= len(data)
        records = list(content.records)
        assert sum(len(encode_record(each)) for each in records) <= len(data)
        assert list(content.records) == records, "they can be asked for again"
        first, again = _replayed(content, None), _replayed(content.without_torn_turn(), None)
        assert first >= again, "what counts of it is what there is, or less"
        for following in {record.first_sequence for record in records}:
            assert _replayed(content, following) <= first, "what reaches into the next segment does not count"


def spool(data: bytes) -> None:
    """Any bytes in place of a spool are one, are set aside or are left alone; it gives back whole events, each once."""
    if not data:
        return
    content = _records_of(data[1:]) if data[0] % 2 else _file_of(data[1:])
    with in_memory() as folder:
        path = str(folder / "spool")
        Path(path).write_bytes(content)
        opened = Spool(path, 1 << 20)
        try:
            opened.open("wal", given=True)
        except FileExistsError as error:
            _has_words(str(error))
            assert Path(path).read_bytes() == content, "another's file is left alone"
            return
        assert not opened.trouble or Path(path + ".damaged").read_bytes() == content
        found = _taken_from(opened)
        assert len(found) == len(set(found)), "given back twice"
        opened.abandon()
        again = Spool(path, 1 << 20)
        again.open("wal", given=True)
        assert _taken_from(again) == [], "dealt with, and there again"
        again.abandon()


TARGETS: dict[str, Callable[[bytes], None]] = {
    each.__name__: each for each in (frame, event, settings, query, journal, spool)
}


def _segment_of(data: bytes) -> bytes:
    """Return records that are whole, whatever they say: kind and payload of each, with bars between them."""
    content = b""
    for each in data.split(b"||"):
        kind, payload = each[:1] or b"\2", each[1:]
        checked = zlib.crc32(payload, zlib.crc32(struct.pack("<I", len(payload)) + kind))
        content += b"\xff\x00TR" + struct.pack("<II", len(payload), checked) + kind + payload
    return content


def _file_of(data: bytes) -> bytes:
    """Return a file of what is on disk, or of its magic word, its two slots and its records with bars between them."""
    magic, *rest = data.split(b"||", 3)
    if len(rest) < 3:
        return data
    return b"".join(each.ljust(SLOT, b"\0")[:SLOT] for each in (magic, *rest[:2])) + rest[2]


def _records_of(data: bytes) -> bytes:
    """Return a file with a state of four bytes, and records of three each: ordinal, number, and what is wrong with it."""
    done, first, count, number = data[:4].ljust(4, b"\0")
    state = State(7, "wal", done, ((first, first + count, number),) if number else ())
    content = bytearray(MAGIC.ljust(SLOT, b"\0") + encode_state(State()) + encode_state(state))
    for at in range(4, len(data) - 2, 3):
        body = b",".join(encode_event(OperationStart(f"{at}-{each}", "add", "ipfs", 1.0)) for each in range(1 + at % 3))
        record = bytearray(encode_spooled(Record(data[at], data[at + 1], 1 + at % 3, body)))
        wrong = data[at + 2]
        if wrong:
            record[wrong % len(record)] ^= wrong
        content += record[: len(record) - wrong] if wrong > 250 else record
    return bytes(content)


def _taken_from(spool: Spool) -> list[str]:
    """Return the ids of all events of a spool, which are dealt with then."""
    found: list[str] = []
    waiting, number = spool.events, 1
    while batches := spool.take(2, number, 200):
        for batch in batches:
            events = [decode_event(json.dumps(each).encode()) for each in json.loads(b"[" + batch.body + b"]")]
            assert batch.number > 0 and len(events) == batch.events > 0
            found += [each.operation_id for each in events if isinstance(each, OperationStart)]
            number = max(number, batch.number + 1)
        spool.settle(batches[-1].last)
    assert spool.events == 0 and waiting == len(found), "as many as it said"
    return found


def _replayed(content: SegmentContent, following: int | None) -> int:
    """Replay a segment as a start does, with its checkpoint or without; return how many rows that gave."""
    log = Quiet()
    ledger = Ledger(Settings(), Instrumentation(log))
    try:
        ledger.restore(content.checkpoint.state, content.checkpoint.sequence)
    except CorruptFile as error:
        _has_words(str(error))
        ledger.skip_to(content.checkpoint.sequence)
    done = replay(content, ledger, following)
    rows = ledger.sequence - content.checkpoint.sequence
    assert rows == len(ledger.head) == len(ledger.head.columns())
    assert done.end >= ledger.sequence, "no sequence is given twice"
    assert bool(done.reason) == bool(done.records or done.events), "what is passed over is told"
    ledger.freeze(content.checkpoint.detailed)
    ledger.skip_to(done.end)
    after = Ledger(Settings(), Instrumentation(log))
    after.restore(ledger.checkpoint(), ledger.sequence)
    assert after.checkpoint() == ledger.checkpoint(), "the next start knows the same"
    return rows


def _has_words(*sentences: str) -> None:
    assert sentences and all(sentences)


def _can_be_told(rejection: Rejected) -> None:
    assert rejection.word and str(rejection)
    encode_line({"error": str(rejection), "reason": rejection.word})


def _can_be_answered(error: TelemetrydError) -> None:
    found = failure_of(error, "GET", "/")
    assert 400 <= found.status < 500
    encode(failure("operation", NOW, found.error_type, found.sentence))


def _load(flags: Mapping[str, tuple[str, str]], environ: Mapping[str, str], file: Path | None) -> None:
    try:
        configuration = load(flags, environ, file)
    except SettingsError as error:
        _has_words(*error.mistakes)
    else:
        encode(configuration.config())
        assert all(configuration.notices)


def _post(body: bytes, *, form: bool, environ: Mapping[str, str]) -> None:
    configuration = load({}, environ)
    try:
        changes = object_of(body, form=form)
        changed = configuration.update(changes)
    except (InvalidBody, InvalidParameter) as error:
        _can_be_answered(error)
        return
    assert set(changes) <= set(API_KEYS)
    encode({"config": changed.config(), "warnings": changed.warnings(changes), "pending": changed.pending_restart()})
    # What was taken is there at the next start.
    assert load({}, environ).config() == changed.config()


def _pairs(content: bytes, known: set[str]) -> dict[str, str]:
    """Return names and texts as an environment can hold them: one a line, the name also by its number."""
    names = sorted(known)
    found = {}
    for line in content.replace(b"\0", b"").decode("utf-8", "surrogateescape").split("\n"):
        name, _, text = line.partition("=")
        if name:
            found[names[int(name) % len(names)] if name.isdecimal() and len(name) < 5 else name] = text
    return found
