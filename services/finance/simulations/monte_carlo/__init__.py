"""Draws and measures the runs of a simulation, in a process of its own. Only this package imports numpy and scipy.

`python -m services.finance.simulations.monte_carlo.worker` reads a question from standard input and prints its answer.
It opens no database: what it computes is a function of what it read.
"""
