"""Tests of services.registry.applications."""
