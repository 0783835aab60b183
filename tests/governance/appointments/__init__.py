"""Tests of services.governance.appointments."""
