"""Consolidations: one shared service in the place of several contracts. Publishes ServiceConsolidated."""
