"""Tests of services.finance.exits."""
