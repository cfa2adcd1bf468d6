"""Evidence pages, one module per subject."""
