"""Tests of services.contracts.exits."""
