"""Tests of services.registry.populations."""
