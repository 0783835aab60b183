"""Tests of services.registry.evidence."""
