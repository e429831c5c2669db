"""Keeps out of the daemon's process what libraries load wherever they find it: 60 MB of memory, half a second."""

from __future__ import annotations

import ssl
import sys
from importlib.abc import MetaPathFinder

# pyarrow looks for pandas at its first conversion, and brings filesystems of clouds along; structlog dresses
# tracebacks up with rich.
UNNEEDED = frozenset({"pandas", "pyarrow._azurefs", "pyarrow._gcsfs", "pyarrow._hdfs", "pyarrow._s3fs", "rich"})


class _Absent(MetaPathFinder):
    def find_spec(self, name: str, path: object, target: object = None) -> None:
        if name in UNNEEDED:
            raise ModuleNotFoundError(f"{name} is kept out of this process")


def keep_out() -> None:
    """Have this process be without :data:`UNNEEDED` from now on; before anything imports them.

    aiohttp reads the certificates of all authorities, for its client: this process has none, and trusts nobody.
    """
    sys.meta_path.insert(0, _Absent())
    ssl.SSLContext.load_default_certs = _load_nothing  # type: ignore[assignment, method-assign]


def _load_nothing(context: ssl.SSLContext, purpose: object = None) -> None:
    """Leave a context without authorities: a client that comes to be here has to name those that it trusts."""
