"""Tests of services.contracts.tariffs."""
