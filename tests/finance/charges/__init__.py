"""Tests of services.finance.charges."""
