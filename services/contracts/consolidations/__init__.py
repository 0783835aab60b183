"""Consolidations: one shared service replaces several contracts. Publishes ServiceConsolidated."""
