"""Tests of services.contracts.terminations."""
