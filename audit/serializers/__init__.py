"""What is well-formed in the evidence API, one module per subject."""
