"""The benchmark: telemetryd beside what people would use instead, in one run (``scripts/bench``).

Belongs here: one module for each row of the table, the contestants, and what makes the load.
Never here: anything that the daemon imports, and a number that was not measured in the same run.
Invariant: whatever is compared was measured in alternation, and what is started is ended.
"""
