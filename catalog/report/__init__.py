"""What this room says in an evidence report: who was let in, what they might do, and what they did with it."""
