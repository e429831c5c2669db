"""telemetryd: the telemetry sidecar of an IPFS Kit node.

Importing this package costs nothing: every heavy library lives in one package
below it, so that a WAL can import ``telemetryd.hooks`` for the price of msgspec.
"""

from __future__ import annotations

__version__ = "0.1.0"
