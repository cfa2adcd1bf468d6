"""What this room says in an evidence report: who was asked, who decided, why, and what was done without asking."""
