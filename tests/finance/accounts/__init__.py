"""Tests of services.finance.accounts."""
