"""Searches of organisations and their affiliations: conditions, orders and pages in SQL."""
