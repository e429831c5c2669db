"""Intake: from bytes on a socket to rows that are on disk and acknowledged.

Belongs here: framing, admission, the listener, producers and their batch numbers, the
ledger (all state that replay rebuilds), the recorder (its one writer), recovery, upkeep.
Never here: a query, HTTP, or a change of state that is not in the journal first.
Invariants: journal before state; acknowledged means on disk; one writer; a bad frame
costs one counter; recovery is replay through the same ledger.
"""
