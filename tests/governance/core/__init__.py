"""Tests of services.governance.core."""
