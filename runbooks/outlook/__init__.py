"""What a reader is told about a step before it runs: whose result it could use, whom it can hurt, what it would do."""
