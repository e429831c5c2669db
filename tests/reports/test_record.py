"""What is known of a report, and what its report.json says of that."""

from __future__ import annotations

import json

import msgspec
import pytest

from telemetryd.reports.record import FILES, FIRST_FILES, PICTURES, Record, from_json, to_json

ID = "report_1795478400_12345"
RECORD = Record(ID, f"/reports/{ID}", "running", 1_795_478_400.5, 0, 3600, fingerprint="word")


def test_it_comes_back_as_it_was() -> None:
    """Where its folder is and how large, the folder itself tells."""
    record = msgspec.structs.replace(RECORD, progress=0.5, step="Drawing", seconds=1.25, error="x", size=7)
    found = from_json(to_json(record, 1.0), ID, record.path)
    assert found == msgspec.structs.replace(record, size=0)


def test_its_json_is_an_envelope() -> None:
    """With success, operation and timestamp, the state, and whatever else there is to tell."""
    found = json.loads(to_json(RECORD, 7.5, summary={"ended": 1}))
    assert (found["success"], found["operation"], found["timestamp"]) == (True, "generate_telemetry_report", 7.5)
    assert (found["report_id"], found["status"], found["progress"]) == (ID, "running", 0.0)
    assert (found["files"], found["summary"]) == ([*FIRST_FILES], {"ended": 1})
    assert "path" not in found


def test_a_list_shows_what_helps_to_choose() -> None:
    """Not where it lies, nor how it is shared."""
    assert set(RECORD.shown()) == {
        "report_id",
        "status",
        "created",
        "start_time",
        "end_time",
        "progress",
        "step",
        "seconds",
        "files",
        "size",
        "error",
    }


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b"\xff\xfe",
        to_json(RECORD, 1.0).replace(ID.encode(), b"report_1_10000"),
        to_json(RECORD, 1.0).replace(b"running", b"perhaps"),
        to_json(RECORD, 1.0).replace(b"3600", b'"late"'),
    ],
)
def test_what_is_no_record_is_refused(data: bytes) -> None:
    """Of another report, of no known state, of no known form."""
    with pytest.raises(ValueError):
        from_json(data, ID, "/")


def test_only_known_names_are_files() -> None:
    """Whatever a report.json was made to say."""
    stored = json.loads(to_json(RECORD, 1.0))
    stored["files"] = ["report.html", "../secret", "/etc/passwd", "", "report.html/../../x"]
    assert from_json(json.dumps(stored).encode(), ID, "/").files == ("report.html",)
    assert all("/" not in name and not name.startswith(".") for name in FILES)


def test_it_answers_for_an_equal_range_that_cannot_change() -> None:
    """While it is made, and once it is done with all its pictures; not where it failed."""
    done = msgspec.structs.replace(RECORD, status="done", files=(*FIRST_FILES, *PICTURES.values()))
    for record in (RECORD, done):
        assert record.answers(0, 3600, "word")
        assert not record.answers(0, 3600, "another")
        assert not record.answers(0, 7200, "word")
        assert not record.answers(0, 3600, None)
    assert not msgspec.structs.replace(done, files=FIRST_FILES).answers(0, 3600, "word")
    assert not msgspec.structs.replace(done, status="failed").answers(0, 3600, "word")
    assert not msgspec.structs.replace(done, fingerprint=None).answers(0, 3600, None)
