"""Budgets of bodies by financial year: lines, localities, virements, reductions and what mergers restate.

An amount is never changed: a line's amount is the sum of its entries, each of which holds from a day on and is known
from an instant on. What a body spends on running costs stays within its allowance (NHS Act 2006 s.223J; RCA-2), and a
locality's lines are part of its body's: devolved, not transferred. A merger, split or boundary change restates lines by
entries, which an undoing or a suspended transfer of staff takes back by entries.

Publishes BudgetSet, BudgetMoved, BudgetReduced, BudgetRestored, BudgetRestated.
"""
