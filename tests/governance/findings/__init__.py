"""Tests of services.governance.findings."""
