"""Acceptance over HTTP alone: all four services, and nothing of their insides."""
