"""Tests of services.registry.mergers."""
