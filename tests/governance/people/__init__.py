"""Tests of services.governance.people."""
