"""System checks that refuse an unsafe start. Filled as settings grow."""
