"""Tests of services.registry.fhir."""
