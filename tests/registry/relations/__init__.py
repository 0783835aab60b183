"""Tests of services.registry.relations."""
