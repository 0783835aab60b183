"""Tests of services.contracts.bodies."""
