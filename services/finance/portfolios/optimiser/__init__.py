"""Solves a portfolio problem with HiGHS, in a process of its own. Only this package imports numpy and highspy.

`python -m services.finance.portfolios.optimiser.worker` reads a problem from standard input and prints its answer. It
opens no database: what it computes is a function of what it read.
"""
