"""Tests of services.governance.mergers."""
