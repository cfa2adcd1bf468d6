"""The drill: real monitoring watches three real web servers on this machine, one of them breaks, Muster has to cope.

`rig` is the machinery (also used by tests), `story` tells what Muster does with it, `__main__` is the command.
"""
