"""Tests of services.finance.series."""
