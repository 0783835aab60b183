"""Tests of services.finance.decisions."""
