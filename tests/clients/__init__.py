"""Clients that generators make of our documents: of all operations, with no warning, and one call of each succeeds."""
