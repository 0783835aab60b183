"""Tests of services.registry.lineage."""
