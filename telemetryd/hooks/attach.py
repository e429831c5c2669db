"""Attaching to ipfs_kit_py's WALs, unchanged: ``StorageWriteAheadLog`` and ``wal.WAL``.

Both tell of an operation in the result of ``add_operation``, flat or under ``operation``, and of
its ways in the arguments of ``update_operation_status``. Attaching puts functions of ours into
the instance, where they hide the class's methods, and takes them out again on detaching.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import Any
from weakref import WeakValueDictionary

from telemetryd.model.events import OPERATION_START, STATUS_CHANGE

from .emitter import Emitter

# How long the WAL's close() and detach() may take longer for the last events, in s.
CLOSE_TIMEOUT = 2.0

_attachments: WeakValueDictionary[int, Attachment] = WeakValueDictionary()


def attach(
    wal: Any,
    socket: str | os.PathLike[str] | None = None,
    producer: str | None = None,
    spool: str | os.PathLike[str] | None = None,
) -> Attachment:
    """Have every operation of ``wal`` told to the daemon at ``socket``, from now until :meth:`Attachment.detach`.

    A WAL that is attached already keeps its attachment, which is returned. The health of each
    backend that the WAL's health monitor knows now is sent at once. Raises :class:`TypeError`
    where ``wal`` has not the two methods that all depends on.
    """
    attached = _attachments.get(id(wal))
    if attached is not None and attached.wal is wal:
        return attached
    for needed in ("add_operation", "update_operation_status"):
        if not callable(getattr(wal, needed, None)):
            raise TypeError(f"expected a WAL with {needed}(), found a {type(wal).__name__} without")
    attachment = Attachment(wal, Emitter(socket, producer, spool))
    _attachments[id(wal)] = attachment
    return attachment


class Attachment:
    """The hooks in one WAL; made by :func:`attach`."""

    def __init__(self, wal: Any, emitter: Emitter) -> None:
        self.wal = wal
        self.emitter = emitter
        self._attached = True
        self._wrappings: list[_Wrapping] = []
        self._wrap(wal, "add_operation", self._add_operation)
        self._wrap(wal, "update_operation_status", self._update_operation_status)
        if callable(getattr(wal, "close", None)):
            self._wrap(wal, "close", self._close)
        monitor = getattr(wal, "health_monitor", None)
        if hasattr(monitor, "status_change_callback"):
            # First the callback: a change between the two is told twice then, not lost.
            self._wrap(monitor, "status_change_callback", self._status_change_callback)
            self._tell_known_health(monitor)

    def __repr__(self) -> str:
        state = "attached" if self._attached else "detached"
        return f"<Attachment of {type(self.wal).__name__} as {self.emitter.statistics().producer}, {state}>"

    def detach(self, timeout: float = CLOSE_TIMEOUT) -> bool:
        """Leave the WAL as it was, and close the emitter; return True when all is acknowledged.

        What somebody else has wrapped around our functions since then stays, and passes through them.
        """
        if self._attached:
            self._attached = False
            _attachments.pop(id(self.wal), None)
            for wrapping in reversed(self._wrappings):
                wrapping.undo()
        return self.emitter.close(timeout)

    def _wrap(self, owner: Any, name: str, make: Callable[[Any], Callable[..., Any]]) -> None:
        self._wrappings.append(_Wrapping(owner, name, make))

    def _add_operation(self, original: Callable[..., Any]) -> Callable[..., Any]:
        emitter = self.emitter
        monotonic, clock = emitter.monotonic, emitter.clock

        @functools.wraps(original)
        def add_operation(*args: Any, **kwargs: Any) -> Any:
            entered = monotonic()
            result = original(*args, **kwargs)
            sender = emitter.sender
            if (
                type(result) is dict
                and result.get("success") is True
                and "operation" not in result
                and sender.wanted
                and self._attached
            ):
                # As storage_wal answers: what is below, in one call instead of many.
                operation_id, operation_type = result.get("operation_id"), result.get("operation_type")
                emitter.buffer.put(
                    (entered, clock.offset, OPERATION_START, operation_id, operation_type, result.get("backend"), None)
                )
                if sender.asleep:
                    sender.wake()
            elif self._attached and _succeeded(result):
                operation = _field(result, "operation", result)
                operation_id, backend = _field(result, "operation_id"), _field(operation, "backend")
                emitter.operation_start(operation_id, _field(operation, "operation_type"), backend, at=entered)
            return result

        return add_operation

    def _update_operation_status(self, original: Callable[..., Any]) -> Callable[..., Any]:
        emitter = self.emitter
        monotonic, clock = emitter.monotonic, emitter.clock

        @functools.wraps(original)
        def update_operation_status(*args: Any, **kwargs: Any) -> Any:
            entered = monotonic()
            result = original(*args, **kwargs)
            if not self._attached or (result is not True and not _succeeded(result)):
                return result
            sender = emitter.sender
            if len(args) == 2 and not kwargs and type(args[1]) is str and sender.wanted:
                # As it mostly is: what is below, in one call instead of many.
                note = (entered, clock.offset, STATUS_CHANGE, args[0], args[1])
                if args[1] == "processing":
                    emitter.buffer.put_processing(note)
                else:
                    emitter.buffer.put(note)
                if sender.asleep:
                    sender.wake()
                return result
            operation_id: Any = args[0] if args else kwargs.get("operation_id")
            status: Any = args[1] if len(args) > 1 else kwargs.get("new_status")
            told = _told_by(args[2] if len(args) > 2 else kwargs.get("updates"))
            emitter.status_change(operation_id, status, None, None, None, *told, at=entered)
            return result

        return update_operation_status

    def _close(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def close(*args: Any, **kwargs: Any) -> Any:
            try:
                return original(*args, **kwargs)
            finally:
                # What the WAL did last, it did while closing.
                if self._attached:
                    self.emitter.drain(CLOSE_TIMEOUT)

        return close

    def _status_change_callback(self, original: Callable[..., Any] | None) -> Callable[..., Any]:
        def status_change_callback(*args: Any, **kwargs: Any) -> Any:
            if self._attached and len(args) == 3:
                self.emitter.backend_health_change(*args)
            return original(*args, **kwargs) if original is not None else None

        return status_change_callback

    def _tell_known_health(self, monitor: Any) -> None:
        known = getattr(monitor, "backend_status", None)
        for backend, state in list(known.items()) if isinstance(known, dict) else ():
            health = _field(state, "status")
            if isinstance(health, str) and health != "unknown":
                self.emitter.backend_health_change(backend, None, health)


class _Wrapping:
    """One attribute of one instance, replaced: knows how it was."""

    def __init__(self, owner: Any, name: str, make: Callable[[Any], Callable[..., Any]]) -> None:
        self._attributes: dict[str, Any] = vars(owner)
        self._name = name
        self._was_there = name in self._attributes
        self._original = getattr(owner, name)
        self._ours = make(self._original)
        self._attributes[name] = self._ours

    def undo(self) -> None:
        if self._attributes.get(self._name) is not self._ours:
            return
        if self._was_there:
            self._attributes[self._name] = self._original
        else:
            del self._attributes[self._name]


def _succeeded(result: Any) -> bool:
    # storage_wal answers an update with a bool; a dict says it in `success`, and a failed one is not empty.
    return result is True or _field(result, "success") is True


def _field(record: Any, name: str, default: Any = None) -> Any:
    """Return a field of what should be a dict; the default where it is none or has none."""
    return dict.get(record, name, default) if issubclass(type(record), dict) else default


def _told_by(updates: Any) -> tuple[Any, Any, Any, Any]:
    """Return what an update tells besides the status: retry count, error, error type, size; None where it does not."""
    if not issubclass(type(updates), dict):
        return None, None, None, None
    retry_count = dict.get(updates, "retry_count")
    if retry_count is None:
        retry_count = dict.get(updates, "retries")
    size = _field(dict.get(updates, "result"), "size")
    return retry_count, dict.get(updates, "error"), dict.get(updates, "error_type"), size
