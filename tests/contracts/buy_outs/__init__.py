"""Tests of services.contracts.buy_outs."""
