"""The errors of telemetryd: a small tree, translated at the borders.

A message is one sentence that says what was expected and what was found. ``word`` is the
stable, machine-readable name of the mistake: the ``reason`` of an error line on the
ingest socket, the ``error_type`` of an HTTP answer, the label of a counter.
"""

from __future__ import annotations


class TelemetrydError(Exception):
    """The root of everything telemetryd raises on purpose."""

    word = "error"


class SettingsError(TelemetrydError):
    """One or more settings are wrong; ``mistakes`` holds one sentence for each."""

    word = "bad_setting"

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("; ".join(mistakes))
        self.mistakes = mistakes


class NotForThisUser(SettingsError):
    """A file that a setting names is not for the user of this process; for another it may be right."""

    word = "not_for_this_user"


class Rejected(TelemetrydError):
    """A frame or an event cannot be taken; ``word`` is the reason that is counted."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.word = reason


class InvalidParameter(TelemetrydError):
    """A request's parameter is wrong, alone or beside the others."""

    word = "invalid_parameter"

    def __init__(self, name: str, expected: str, found: object) -> None:
        super().__init__(f"{name}: expected {expected}, found {found!r}")
        self.name = name


class UnknownOperation(TelemetrydError):
    """No stored event carries the operation id that was asked for."""

    word = "unknown_operation"


class ResultTooLarge(TelemetrydError):
    """The answer would hold more samples than ``query.max_samples`` allows."""

    word = "result_too_large"


class QueryTimeout(TelemetrydError):
    """The query ran longer than ``query.timeout`` allows."""

    word = "query_timeout"


class Busy(TelemetrydError):
    """As much work as the settings allow is already under way; try again after ``retry_after`` s."""

    word = "busy"
    retry_after = 1.0


class ChartsUnavailable(TelemetrydError):
    """Nothing on this machine can draw what was asked for, or not now; try again after ``retry_after`` s."""

    word = "charts_unavailable"
    retry_after = 30.0


class ChartTimeout(TelemetrydError):
    """The chart took longer than ``charts.timeout`` allows."""

    word = "chart_timeout"
    retry_after = 1.0


class ChartFailed(TelemetrydError):
    """A chart could not be drawn: a fault of ours."""

    word = "chart_failed"


class UnknownReport(TelemetrydError):
    """There is no such report, or it lists no such file."""

    word = "unknown_report"


class StorageError(TelemetrydError):
    """The disk or the folder on it does not do what storage needs."""

    word = "storage_error"


class StorageUnavailable(StorageError):
    """A write did not reach the disk: nothing of it is stored; try again after ``retry_after`` s."""

    word = "storage_unavailable"
    retry_after = 1.0


class FolderInUse(StorageError):
    """Another daemon holds the lock of this metrics folder."""

    word = "folder_in_use"


class CorruptFile(StorageError):
    """A file's bytes are not what its format, version or checksum promise."""

    word = "corrupt_file"
