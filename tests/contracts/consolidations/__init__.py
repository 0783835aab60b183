"""Tests of services.contracts.consolidations."""
