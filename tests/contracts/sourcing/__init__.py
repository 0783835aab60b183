"""Tests of services.contracts.sourcing."""
