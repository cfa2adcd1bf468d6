"""What this room says in an evidence report: the runs, step by step, and where they left the runbook."""
