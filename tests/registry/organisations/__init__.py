"""Tests of services.registry.organisations."""
