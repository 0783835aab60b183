"""Budgets and savings over HTTP."""

from tests.finance.budgets.conftest import budgets

__all__ = ["budgets"]
