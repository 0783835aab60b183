"""Tests of services.registry.imports.formats."""
