"""Tests of services.finance.core."""
