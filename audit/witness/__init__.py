"""A witness (C2SP tlog-witness): cosigns a log's checkpoints, and only such as extend what it cosigned before.

For a second department: its own machine, its own key, one file of state. Needs no database and no Django.
`python -m audit.witness --help`; docs/how-to/run-a-witness.md.
"""
