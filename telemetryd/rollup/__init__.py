"""The numbers: pure functions over columns, and the columns they take and give.

Belongs here: event columns, rollup rows, histograms, building rollups from events,
merging rollups without loss. numpy and pyarrow only.
Never here: files, clocks, threads, HTTP, or a percentile that is stored or averaged.
Invariant: what is stored merges without loss (counts, sums, minima, maxima, histograms,
integrals); means, rates and percentiles are derived on read.
"""
