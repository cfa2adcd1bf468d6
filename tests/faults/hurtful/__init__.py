"""An app of the fault tests: an action that kills, and a clock that is wrong. tests.faults.settings loads it."""
