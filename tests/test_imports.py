"""The daemon's process is without what it has no use for."""

from __future__ import annotations

import subprocess
import sys

from telemetryd.imports import UNNEEDED

PROGRAM = """\
import sys
from telemetryd.imports import UNNEEDED, keep_out
keep_out()
import telemetryd.daemon
import pyarrow as pa
import pyarrow.parquet as pq
pa.array(["a", None])
pq.write_table(pa.table({"number": [1]}), pa.BufferOutputStream())
assert not UNNEEDED & sys.modules.keys(), UNNEEDED & sys.modules.keys()
"""
AUTHORITIES = """\
import ssl
from telemetryd.imports import keep_out
keep_out()
assert ssl.create_default_context().cert_store_stats()["x509_ca"] == 0
"""
LATER = """\
import sys
import telemetryd.daemon
assert not {"jinja2", "pyarrow.compute"} & sys.modules.keys()
"""


def test_what_is_not_needed_stays_out_and_nothing_misses_it() -> None:
    """All of the daemon can be imported, columns converted and files written."""
    subprocess.run([sys.executable, "-c", PROGRAM], check=True, timeout=100)


def test_without_that_it_would_come_in() -> None:
    """Else the list would be of no use."""
    told = PROGRAM.replace("keep_out()\n", "").replace("assert not ", "assert ").partition(", UNNEEDED & sys")[0]
    subprocess.run([sys.executable, "-c", told], check=True, timeout=100)
    assert "pandas" in UNNEEDED


def test_no_authority_is_read_for_a_client_that_there_is_none_of() -> None:
    """aiohttp would read all of them while it is imported; who trusts nobody takes no server for another."""
    subprocess.run([sys.executable, "-c", AUTHORITIES], check=True, timeout=100)


def test_what_only_answers_and_reports_need_comes_with_the_first_of_them() -> None:
    """A start does not wait for it."""
    subprocess.run([sys.executable, "-c", LATER], check=True, timeout=100)
