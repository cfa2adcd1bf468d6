"""Files that entries name by their SHA-256: kept once, handed out as downloads, never opened or run here."""
