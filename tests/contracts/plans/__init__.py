"""Tests of services.contracts.plans."""
