"""Tests of services.contracts.schedules."""
