"""Tests of services.contracts.amendments."""
