"""Tests of services.registry.imports."""
