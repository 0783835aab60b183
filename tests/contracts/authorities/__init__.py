"""Tests of services.contracts.authorities."""
