from __future__ import annotations

import gc
import inspect
import threading
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from telemetryd.hooks import Attachment, Emitter, attach
from telemetryd.hooks.address import ingest_socket
from tests import peers
from tests.end_to_end.waiting import until

from .scripted_daemon import Line, ScriptedDaemon

storage_wal = peers.storage_wal()
wal_module = peers.wal()

Attach = Callable[..., Attachment]


@pytest.fixture
def attach_to(stopped_daemon: ScriptedDaemon) -> Iterator[Attach]:
    made: list[Attachment] = []

    def make(wal: Any, **arguments: Any) -> Attachment:
        made.append(attach(wal, stopped_daemon.path, **arguments))
        return made[-1]

    yield make
    for attachment in made:
        attachment.detach(0)


@pytest.fixture
def monitor(tmp_path: Path) -> Iterator[Any]:
    """A health monitor that has looked at the local backend once, and looks no more."""
    looked = threading.Event()
    made = storage_wal.BackendHealthMonitor(
        check_interval=3600,
        backends=["local"],
        backend_configs={"local": {"path": str(tmp_path)}},
        # The last thing that it does of a check: its status is there before, and who attached then would hear of it.
        status_change_callback=lambda *change: looked.set(),
    )
    assert looked.wait(60)
    assert made.get_status("local")["status"] == "online"
    made.status_change_callback = None
    yield made
    made.close()


@pytest.fixture
def storage(tmp_path: Path, monitor: Any) -> Iterator[Any]:
    """ipfs_kit_py's StorageWriteAheadLog, which processes nothing by itself."""
    made = storage_wal.StorageWriteAheadLog(str(tmp_path / "wal"), process_interval=3600, health_monitor=monitor)
    # It may not have had its first look, and would find what a test adds.
    made._stop_processing_thread()
    yield made
    made.close()


@pytest.fixture
def plain(tmp_path: Path) -> Any:
    """ipfs_kit_py's WAL."""
    return wal_module.WAL(str(tmp_path / "plain"), operation_timeout=0)


def told(daemon: ScriptedDaemon, attachment: Attachment) -> list[Line]:
    """Return the events that are not about health, without their timestamps."""
    assert attachment.emitter.flush(60)
    events = [dict(event) for event in daemon.events if event["event"] != "backend_health_change"]
    for event in events:
        del event["timestamp"]
    return events


def start(operation_id: str, operation_type: str, backend: str) -> Line:
    return {
        "event": "operation_start",
        "operation_id": operation_id,
        "operation_type": operation_type,
        "backend": backend,
    }


def status(operation_id: str, status: str, **more: Any) -> Line:
    return {"event": "status_change", "operation_id": operation_id, "status": status, **more}


def test_a_storage_wal_tells_of_its_operations(daemon: ScriptedDaemon, attach_to: Attach, storage: Any) -> None:
    """Adds, every status, retries, errors and sizes; with enums and words, by position and by keyword."""
    attachment = attach_to(storage)
    added = storage.add_operation(storage_wal.OperationType.PIN, storage_wal.BackendType.S3, {"cid": "Qm"})
    one = added["operation_id"]
    two = storage.add_operation(operation_type="upload", backend="s3")["operation_id"]
    assert storage.update_operation_status(one, storage_wal.OperationStatus.PROCESSING) is True
    retry = {"retry_count": 1, "next_retry_at": 0, "error": "busy", "error_type": "service_unavailable"}
    assert storage.update_operation_status(one, "retrying", retry) is True
    result = {"success": True, "cid": "Qm", "size": 4096}
    assert storage.update_operation_status(operation_id=one, new_status="completed", updates={"result": result}) is True
    assert storage.update_operation_status(two, new_status="failed", updates={"error": "gone"}) is True
    assert told(daemon, attachment) == [
        start(one, "pin", "s3"),
        start(two, "upload", "s3"),
        status(one, "processing"),
        status(one, "retrying", retry_count=1, error="busy", error_type="service_unavailable"),
        status(one, "completed", size=4096),
        status(two, "failed", error="gone"),
    ]


def test_a_storage_wal_that_processes_by_itself_is_told_of_as_well(
    daemon: ScriptedDaemon, attach_to: Attach, storage: Any
) -> None:
    """The processing thread calls the same methods of the instance."""
    handler = {"success": True, "cid": "Qm", "size": 10}
    storage._get_operation_handler = lambda operation: lambda operation: handler
    attachment = attach_to(storage)
    one = storage.add_operation("add", "local")["operation_id"]
    storage._process_operation(storage._processing_queue.get(timeout=60))
    assert told(daemon, attachment) == [
        start(one, "add", "local"),
        status(one, "processing"),
        status(one, "completed", size=10),
    ]


def test_a_plain_wal_tells_of_its_operations(daemon: ScriptedDaemon, attach_to: Attach, plain: Any) -> None:
    """The operation is found where this class puts it, and `retries` counts as the retry count."""
    attachment = attach_to(plain)
    plain.register_operation_handler("backup", lambda operation: {"success": True, "size": 7})
    plain.register_operation_handler(
        "restore", lambda operation: {"success": False, "error": "gone", "error_type": "Gone"}
    )
    one = plain.add_operation(wal_module.OperationType.BACKUP, wal_module.BackendType.FILESYSTEM)["operation_id"]
    two = plain.add_operation("restore", "memory", operation_id="mine")["operation_id"]
    three = plain.add_operation("get", "ipfs")["operation_id"]
    assert plain.execute_operation(one)["success"]
    assert not plain.execute_operation(two)["success"]
    assert plain.update_operation_status(three, wal_module.OperationStatus.PROCESSING)["success"]
    assert plain.recover_stalled_operations()["recovered"] == 1
    assert told(daemon, attachment) == [
        start(one, "backup", "filesystem"),
        start("mine", "restore", "memory"),
        start(three, "get", "ipfs"),
        status(one, "processing"),
        status(one, "completed", size=7),
        status("mine", "processing"),
        status("mine", "failed", error="gone", error_type="Gone"),
        status(three, "processing"),
        status(three, "pending", retry_count=1),
    ]


def test_updates_that_failed_are_not_told(daemon: ScriptedDaemon, attach_to: Attach, storage: Any, plain: Any) -> None:
    """A failed update is False in one class and a dict that is not empty in the other; both pass untouched."""
    first, second = attach_to(storage, producer="storage"), attach_to(plain, producer="plain")
    assert storage.update_operation_status("unknown", "completed") is False
    assert plain.update_operation_status("unknown", "completed")["error_type"] == "OperationNotFound"
    assert told(daemon, first) == told(daemon, second) == []


def test_an_operation_that_could_not_be_added_is_not_told(
    daemon: ScriptedDaemon, attach_to: Attach, plain: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The WAL's own account of the failure reaches its caller, and nobody else."""
    monkeypatch.setattr(plain, "_persist_operation", lambda operation: 1 / 0)
    attachment = attach_to(plain)
    assert plain.add_operation("add", "ipfs")["error_type"] == "ZeroDivisionError"
    assert told(daemon, attachment) == []


def test_an_operation_starts_when_it_was_called(daemon: ScriptedDaemon) -> None:
    """An instant is that of entering the WAL: its own time for adding and updating is part of the operation."""
    hands = {"now": 100.0}

    class SlowWal:
        def add_operation(self) -> Line:
            hands["now"] += 5
            return {"success": True, "operation_id": "a", "operation_type": "add", "backend": "ipfs"}

        def update_operation_status(self, operation_id: str, new_status: str) -> bool:
            hands["now"] += 5
            return True

    wal = SlowWal()
    emitter = Emitter(daemon.path, monotonic=lambda: hands["now"], wall=lambda: hands["now"])
    attachment = Attachment(wal, emitter)
    wal.add_operation()
    wal.update_operation_status("a", "completed")
    assert attachment.detach(60)
    assert [event["timestamp"] for event in daemon.events] == [100.0, 105.0]


def test_results_and_exceptions_of_the_wal_pass_untouched(daemon: ScriptedDaemon, attach_to: Attach) -> None:
    """Whatever a WAL returns or raises is what its caller gets, and odd results are no events."""
    results: list[Any] = [None, object(), "text", [1], {}, {"success": True}, {"success": True, "operation": "odd"}]

    class OddWal:
        def add_operation(self, result: Any = None) -> Any:
            if isinstance(result, Exception):
                raise result
            return result

        update_operation_status = add_operation

        def close(self) -> str:
            return "closed"

    wal = OddWal()
    attachment = attach_to(wal)
    for result in results:
        assert wal.add_operation(result) is result
        assert wal.update_operation_status(result) is result
    for call in (wal.add_operation, wal.update_operation_status):
        error = LookupError("the WAL's own")
        with pytest.raises(LookupError) as raised:
            call(error)
        assert raised.value is error
    assert wal.close() == "closed"
    assert told(daemon, attachment) == []
    assert attachment.emitter.statistics().invalid == 4


def test_health_known_and_health_that_changes_is_told(
    daemon: ScriptedDaemon, attach_to: Attach, storage: Any, monitor: Any
) -> None:
    """On attaching what the monitor knows, afterwards every change."""
    attachment = attach_to(storage)
    for _ in range(3):
        monitor._update_backend_status("local", False)
    assert attachment.emitter.flush(60)
    changes = [(event["backend"], event.get("old_status"), event["new_status"]) for event in daemon.events]
    assert changes == [
        ("local", None, "online"),
        ("local", "online", "offline"),
        ("local", "offline", "degraded"),
        ("local", "degraded", "offline"),
    ]


def test_a_health_callback_that_was_there_is_called_as_before(
    daemon: ScriptedDaemon, attach_to: Attach, storage: Any, monitor: Any
) -> None:
    """It sees every change, also after detaching."""
    seen: list[tuple[str, str, str]] = []
    monitor.status_change_callback = callback = lambda *change: seen.append(change)
    attachment = attach_to(storage)
    monitor._update_backend_status("local", False)
    attachment.detach(60)
    monitor._update_backend_status("s3", True)
    assert seen == [("local", "online", "offline"), ("s3", "unknown", "online")]
    assert monitor.status_change_callback is callback
    assert [event["new_status"] for event in daemon.events] == ["online", "offline"]


def test_attaching_again_gives_the_same_attachment(daemon: ScriptedDaemon, attach_to: Attach, plain: Any) -> None:
    """Every operation is told once, however often one attaches; after detaching a new one begins."""
    attachment = attach_to(plain)
    assert attach_to(plain) is attachment
    one = plain.add_operation("add", "ipfs")["operation_id"]
    assert told(daemon, attachment) == [start(one, "add", "ipfs")]
    attachment.detach(60)
    assert attach_to(plain) is not attachment


def test_detaching_leaves_no_trace(
    daemon: ScriptedDaemon, attach_to: Attach, storage: Any, plain: Any, monitor: Any
) -> None:
    """Instance and monitor have the attributes they had, and what happens next is told nobody."""
    before = [dict(vars(each)) for each in (storage, plain, monitor)]
    threads = set(threading.enumerate())
    attachments = [attach_to(storage, producer="storage"), attach_to(plain, producer="plain")]
    assert all(attachment.detach(60) for attachment in attachments)
    assert [dict(vars(each)) for each in (storage, plain, monitor)] == before
    # A thread may still be there for an instant when it has told that it ends.
    until(
        lambda: not [each for each in set(threading.enumerate()) - threads if "telemetryd" in each.name], "their ends"
    )
    plain.add_operation("add", "ipfs")
    assert [event["event"] for event in daemon.events] == ["backend_health_change"]
    assert attachments[0].detach(60), "detaching again is harmless"


def test_an_attribute_that_somebody_else_had_set_is_given_back(
    daemon: ScriptedDaemon, attach_to: Attach, plain: Any
) -> None:
    """Another wrapper below ours is called through us, and is there again afterwards."""
    calls: list[str] = []
    method = plain.add_operation

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        calls.append("wrapped")
        return method(*args, **kwargs)

    plain.add_operation = wrapper
    attachment = attach_to(plain)
    plain.add_operation("add", "ipfs")
    attachment.detach(60)
    assert plain.add_operation is wrapper
    assert calls == ["wrapped"]
    assert len(daemon.events) == 1


def test_a_wrapper_above_ours_is_left_alone(daemon: ScriptedDaemon, attach_to: Attach, plain: Any) -> None:
    """What was wrapped around us later stays, and passes through us without an event."""
    attachment = attach_to(plain)
    ours = plain.add_operation

    def wrapper(*args: Any) -> Any:
        return ours(*args)

    plain.add_operation = wrapper
    attachment.detach(60)
    assert plain.add_operation is wrapper
    assert plain.add_operation("add", "ipfs")["success"]
    assert daemon.events == []


def test_closing_the_wal_sends_what_is_left(daemon: ScriptedDaemon, attach_to: Attach, storage: Any) -> None:
    """When close() has returned, everything up to it is acknowledged."""
    attachment = attach_to(storage)
    # Of what the end waits for, which is not long, this is done.
    assert attachment.emitter.flush(60)
    storage.add_operation("add", "s3")
    storage.close()
    assert attachment.emitter.statistics().acked == 2
    assert len(daemon.events) == 2


def test_methods_keep_their_names_and_signatures(attach_to: Attach, plain: Any) -> None:
    """Whoever looks at an attached WAL finds what the WAL's author wrote."""
    names = ("add_operation", "update_operation_status", "close")
    before = [(getattr(plain, name).__doc__, inspect.signature(getattr(plain, name))) for name in names]
    attach_to(plain)
    assert [(getattr(plain, name).__doc__, inspect.signature(getattr(plain, name))) for name in names] == before


def test_a_wal_nobody_holds_is_let_go(tmp_path: Path, stopped_daemon: ScriptedDaemon) -> None:
    """An attachment keeps no WAL alive, nor its emitter."""
    wal = wal_module.WAL(str(tmp_path / "wal"))
    attachment = attach(wal, stopped_daemon.path)
    gone = [weakref.ref(wal), weakref.ref(attachment.emitter)]
    del wal, attachment
    gc.collect()
    assert [reference() for reference in gone] == [None, None]


def test_what_is_no_wal_is_refused() -> None:
    """It is said at once what is missing."""
    with pytest.raises(TypeError, match=r"expected a WAL with add_operation\(\), found a object without"):
        attach(object())


def test_without_arguments_the_usual_socket_is_taken(
    plain: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The environment says where the daemon is."""
    monkeypatch.setenv("TELEMETRYD_INGEST_SOCKET", str(tmp_path / "daemon.sock"))
    attachment = attach(plain)
    assert ingest_socket({"TELEMETRYD_INGEST_SOCKET": str(tmp_path / "daemon.sock")}) == attachment.emitter._socket
    assert "attached" in repr(attachment)
    attachment.detach(0)
    assert "detached" in repr(attachment)


def test_a_spool_keeps_what_the_wal_did_while_there_was_no_daemon(
    stopped_daemon: ScriptedDaemon, attach_to: Attach, plain: Any, tmp_path: Path
) -> None:
    """Detaching leaves it there; whoever attaches next sends it."""
    spool = tmp_path / "spool"
    attachment = attach_to(plain, spool=spool)
    plain.add_operation("add", "ipfs")
    assert not attachment.detach(0.1)
    attachment.emitter.sender.join(60)
    assert attachment.emitter.statistics().spooled == 1
    stopped_daemon.start()
    assert attach_to(plain, spool=spool).emitter.flush(60)
    assert len(stopped_daemon.events) == 1
