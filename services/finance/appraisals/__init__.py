"""Appraisal in exact numbers: discounting, prices, measures of worth, sensitivity, risk, affordability, delay.

Pure arithmetic on fractions, without database or web. Green Book conventions; rates come from the rule packs.
"""
