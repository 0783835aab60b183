"""Tests of services.contracts.procurements."""
