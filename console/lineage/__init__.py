"""The lineage of an organisation: a drawing with a lane for each body, and the same as a nested list."""
