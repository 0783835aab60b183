"""A PostgreSQL of our own, from the programs in a wheel: for a laptop and for tests, never for production."""
