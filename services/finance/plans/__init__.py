"""What a portfolio asks and what answers it: a problem in whole pence, a plan, its checker, and an exact bound. Pure.

Knows no solver, no matrix and no database: what a solver did counts only once this package has passed it.
"""
