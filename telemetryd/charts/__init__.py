"""Pictures of metrics: figures, and PNG, SVG and HTML of them.

Belongs here: the one design of all charts (theme, figures), the process that draws them with its
browser, the daemon's end of it, and the charts kept on disk.
Never here: HTTP, a query, a number that is not in the samples. pandas, plotly, kaleido and orjson are
imported by the worker process alone (``worker`` and what only it imports), never by the daemon.
Invariants: a chart ends by its deadline, whatever the browser does; nothing is fetched from another
host; no figure is rendered that a user wrote; no name that a user chose is read as markup.
"""
