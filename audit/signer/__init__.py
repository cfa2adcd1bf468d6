"""The signer: a process of its own that holds the log key and remembers what it signed last. No Django inside.

It signs a tree only when it is shown that all it signed before is a prefix of it. So whoever owns the database, with
every right, can't have another history signed: the process runs as another user, on another machine if you like.
"""
