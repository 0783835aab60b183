"""How uncertain the value of a case is: Monte Carlo of a version, seeded, in a process of its own.

Amounts, probabilities, growth, the discount rate and the year of going live are drawn from stated distributions that
may be correlated; each draw is measured as the appraisal measures. The same question with the same seed is computed
once. Distributional weights are a sensitivity beside it. Publishes nothing.
"""
