"""Questions about the past and the present, answered from still pictures of the state.

Belongs here: requests and their rules, one row of definitions a metric, the plan (which files
answer what), the scan, the engine that bounds and cancels, single operations.
Never here: HTTP, a write, a lock that ingest could wait for, or a metric's name in an ``if``.
Invariants: a reader never makes a writer wait; an answer is the same whether its rows are in
memory, in parts or compacted; every query ends by its deadline.
"""
