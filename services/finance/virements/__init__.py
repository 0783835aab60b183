"""Virements: amounts that move between lines of one budget, all or none.

A rule pack says what may move where; a decision right of governance says how much, where the pack asks for one; what a
care model excludes is not moved to it. Publishes BudgetMoved.
"""
