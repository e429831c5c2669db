"""Reports: a range of time told in words, figures and tables, as a folder that stands on its own.

Belongs here: the summary (what was slow, what failed, what was down), the pages and their templates,
the making of a folder step by step, the queue of jobs, their listing and their removal.
Never here: HTTP, a figure's design, a query's meaning.
Invariants: a page is whole at every instant: progress, report or failure; no path is made of what a
user said; nothing that a user chose is read as markup; all reports together have a limit.
"""
