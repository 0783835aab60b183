"""Tests of services.contracts.care_models."""
