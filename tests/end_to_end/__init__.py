"""The daemon as its users meet it: a process, a socket, an HTTP port and files.

Belongs here: tests that start ``telemetryd serve`` and speak to it from outside.
Never here: anything imported from ``telemetryd``. Invariant: nothing here waits for a fixed time.
"""
