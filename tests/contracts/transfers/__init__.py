"""Tests of services.contracts.transfers."""
