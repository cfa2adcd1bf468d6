"""What `make bench` measures: ledger, engine, and the way from a commit to a browser. It prints, never asserts."""
