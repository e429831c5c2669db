"""The answer to a scrape: what there is to tell at one instant, as Prometheus reads it.

Belongs here: the declaration of every metric family, the totals that are kept for them, their text.
Never here: HTTP, a clock, a task, or work for each event as it comes in.
Invariant: a name that a producer chose cannot break the text, and the number of lines has a bound:
that of the series, times a constant.
"""
