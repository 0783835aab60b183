"""Tests of services.governance.bodies."""
