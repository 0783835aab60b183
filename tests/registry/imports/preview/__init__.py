"""Tests of services.registry.imports.preview."""
