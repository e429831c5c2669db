"""What a WAL imports: its events, noted in passing and sent by a thread of our own.

Belongs here: the emitter and what it is made of, and the attachment to ipfs_kit_py's WALs.
Never here: anything but the standard library, msgspec and ``telemetryd.model``, for this
package is imported into somebody else's process.
Invariant: a call from the WAL notes the event and returns. It never raises, never does input
or output, never encodes, never waits; the WAL's own results and exceptions pass untouched.
"""

from __future__ import annotations

from .attach import Attachment, attach
from .emitter import Emitter, Statistics

__all__ = ["Attachment", "Emitter", "Statistics", "attach"]
