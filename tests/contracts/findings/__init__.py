"""Tests of services.contracts.findings."""
