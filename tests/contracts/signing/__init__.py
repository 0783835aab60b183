"""Tests of services.contracts.signing."""
