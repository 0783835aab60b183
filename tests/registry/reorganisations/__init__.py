"""Tests of services.registry.reorganisations."""
