"""Tests of services.registry.care_models."""
