"""Findings: what about money, a computation or an appraisal needs attention, raised once and cleared once.

Publishes FinanceFindingRaised and FinanceFindingCleared.
"""
