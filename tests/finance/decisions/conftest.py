"""Budgets over HTTP, whose commands name decisions."""

from tests.finance.budgets.conftest import budgets

__all__ = ["budgets"]
