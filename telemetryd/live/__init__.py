"""The present: operations in flight, and rolling aggregates of the recent past.

Belongs here: the table of series, the tracker of operations, the sliding window.
Never here: files, sockets, tasks, clocks (``now`` is an argument), or a loop over all
operations while one event is applied.
Invariant: everything is a function of the events applied, in their order, so replaying
a journal gives the same state; and everything has a bound.
"""
