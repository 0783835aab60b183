"""Tests of services.contracts.performance."""
