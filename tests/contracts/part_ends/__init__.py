"""Tests of services.contracts.tasks."""
