"""Examination: a store looked at from outside of the daemon, by a person who wants to know or to mend.

Belongs here: what `telemetryd fsck` finds and mends, what `telemetryd inspect` shows, and how
both are told, as text and as data. Never here: a flag, a socket, a clock, or a rule of its own
about which files count: that is the inventory's, which is asked on a disk that changes nothing.
Invariant: looking changes nothing, and mending destroys nothing: what is bad goes to
`quarantine/`, what is made anew is made of what is whole.
"""
