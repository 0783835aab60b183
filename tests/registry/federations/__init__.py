"""Tests of services.registry.federations."""
