"""What is withheld from whom, what is erased, what must be kept. docs/evidence.md has the map.

profiles, detecting, withholding: what a reader of a pack gets. sets: one person asks, another approves exactly that.
erasing, searching, copies: erasure on request, and the copies of a value in other rooms. keeping: how long, and holds.
"""
