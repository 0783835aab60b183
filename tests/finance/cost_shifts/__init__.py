"""Tests of services.finance.cost_shifts."""
