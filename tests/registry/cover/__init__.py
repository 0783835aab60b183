"""Tests of services.registry.cover."""
