"""Tests of services.finance.populations."""
