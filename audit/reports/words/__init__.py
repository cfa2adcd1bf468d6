"""A module per language: what every report says. Rooms above register theirs. Both languages have the same keys."""
