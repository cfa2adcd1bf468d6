"""What this room says in an evidence report: the summary, the decisions, who did what, and how fast it went."""
