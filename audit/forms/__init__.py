"""What is well-formed on evidence pages, one module per subject."""
