"""The oracle: what the API must answer, by brute force in plain Python.

Belongs here: the meaning of every number, worked out from the contract alone and slowly.
Never here: anything imported from ``telemetryd``, numpy or pyarrow; a proof that shares code
with what it proves is none. Invariant: a number here can be checked with paper and pencil.
"""
