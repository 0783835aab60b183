"""Tests of services.registry.crosswalks."""
