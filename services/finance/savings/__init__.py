"""Savings of initiatives: forecast, contracted, budget reduced, realised; by function, body and year.

A saving is realised only by a reduction of its budget line that was posted after the saving was stated, once, and as
long as the line is not restored. Forecasts follow from the plans of contracts or are stated by the body. Realisation
rates are learned by function. Publishes SavingForecast, SavingContracted, SavingRealised, SavingReversed,
CostShiftFound.
"""
