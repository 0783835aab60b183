"""Tests of services.contracts.suppliers."""
