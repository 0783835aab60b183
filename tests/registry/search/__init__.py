"""Tests of services.registry.search."""
