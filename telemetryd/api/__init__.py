"""The REST API: requests in, envelopes out.

Belongs here: routes, parameters, answers, their bytes, and everything that knows aiohttp.
Never here: a number that is computed, a file that is read, a setting that is decided; those are
asked of the parts in ``Services``.
Invariants: every JSON answer is an envelope; a user's mistake is a 4xx that names it; no answer
holds a stack trace, NaN or infinity; a client that goes away takes its query with it.
"""
