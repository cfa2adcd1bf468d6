"""Evidence at /api/v1/, one module per subject: the same gates and functions as the pages."""
