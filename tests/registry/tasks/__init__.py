"""Tests of services.registry.tasks."""
