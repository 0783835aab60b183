"""Tests of services.contracts.reactions."""
