"""The store: what makes an accepted event durable, and finds it again.

Belongs here: the journal, the head, Parquet parts and their names, the catalog of parts,
sealing, compaction, retention, and the seam to the filesystem that all of them write through.
Never here: an event's meaning, a socket, a clock, a query, an `await`; and no file is
touched but through `files`.
Invariant: a name tells the state (`.active` grows, `.closed` is complete, `.tmp` never
happened, `.parquet` is sealed for good), and sealed files are replaced or removed, never edited.
"""
