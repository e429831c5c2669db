"""The vocabulary: frozen values that every other package speaks in.

Belongs here: events and their codec, metrics, series, time ranges, settings, errors.
Never here: input or output, clocks, threads, anything but the standard library
and msgspec, for a WAL's process imports this package through the hooks.
Invariant: values never change once made, and know their own questions.
"""
