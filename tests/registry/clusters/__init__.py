"""Tests of services.registry.clusters."""
