"""Tests of services.contracts.agreements."""
