"""Lines of budgets with their entries, and what mergers, splits and boundary changes make of them.

An entry is immutable: what a line rose or fell by, from a day on, known from an instant on. A succession moves each
entry of a body's line by entries; its undoing, and a transfer of staff that waits, take those back by entries.
Publishes BudgetRestated.
"""
