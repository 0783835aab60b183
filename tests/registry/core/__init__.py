"""Tests of services.registry.core."""
