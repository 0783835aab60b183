"""Tests of services.governance.obstructions."""
