"""The crosswalk bench: restate a column of codes, or a series of figures, onto the bodies of another day."""
