"""Tests of services.contracts.core."""
