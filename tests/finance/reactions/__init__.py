"""Tests of services.finance.reactions."""
