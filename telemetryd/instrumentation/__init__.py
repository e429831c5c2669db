"""The self-report: all that the daemon says about itself, as types.

Belongs here: the catalogue of internal events (a frozen class each, with its log level and
the counter it moves) and the one object that logs and counts them.
Never here: a decision, a clock, a file, or one log line per event of a producer.
Invariant: the books balance: received = stored + duplicate + rejected + discarded + in flight.
"""

from __future__ import annotations

from .counters import Instrumentation

__all__ = ["Instrumentation"]
