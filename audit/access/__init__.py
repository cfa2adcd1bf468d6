"""Who looked at evidence, and what a security team is told of it."""
