"""Which exits, buy-outs and openings of shared services to do, and when, with the money that there is.

A portfolio is stated by the body that pays for it. What it is worth follows from the exits of each contract, its cash
from the payments that they cause; a run computes the best plan under budgets, go-lives, notice, dependencies and what
a supplier needs to carry on. Every answer passes a checker that knows no solver, and comes with a bound that every
reader can verify. Publishes PortfolioSolved. The optimiser runs in a process of its own and is imported by no route.
"""
