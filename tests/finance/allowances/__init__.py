"""Tests of services.finance.allowances."""
