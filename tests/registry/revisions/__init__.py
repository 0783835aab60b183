"""Tests of services.registry.identifiers."""
